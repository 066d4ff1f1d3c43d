import type { Surface } from "../boundary/surface/surface.js";
import type { LeverEntry } from "../core/levers.js";
import type { ProcessUsage } from "../core/process-usage.js";
import type { BreakerSnapshot } from "../primitives/breaker/snapshot.js";
import type { BulkheadSnapshot } from "../primitives/bulkhead/snapshot.js";
import type { CacheSnapshot } from "../primitives/cache/cache.js";
import type { IdempotencySnapshot } from "../primitives/idempotency/idempotency.js";
import type { LimiterSnapshot } from "../primitives/limiter/limiter.js";
import type { OverloadSnapshot } from "../primitives/overload/snapshot.js";
import type { QueueSnapshot } from "../primitives/queue/snapshot.js";
import type { ReplayGuardSnapshot } from "../primitives/replay/replay-guard.js";
import type { SharedBulkheadSnapshot } from "../primitives/shared-bulkhead/shared-bulkhead.js";
import type { UpstreamSnapshot } from "../primitives/upstream/snapshot.js";
import type { ObjectiveSnapshot } from "./slo/snapshot.js";

/**
 * Everything a kit knows about itself, from one call: plain JSON. The gate, the operator page and the exporters all
 * read this. `keelson/schema` has it as a zod schema, `keelson/schemas/snapshot.schema.json` as a JSON Schema.
 *
 * A name that holds nothing yet is there with an empty record, so that readers need no special case. New fields may
 * come in any version; `version` rises when one changes its meaning or goes.
 */
export interface Snapshot {
  /** Version of this shape. */
  readonly version: 1;
  readonly service: string;
  /** Random, made when the kit was: counters that went back with the same id are a bug, with another a restart. */
  readonly bootId: string;
  /** Unix time in milliseconds. */
  readonly at: number;
  /** Milliseconds since the kit was made. */
  readonly uptimeMs: number;
  /** What the process uses; `null` where nothing measures it, or there is no process to speak of. */
  readonly process: ProcessUsage | null;
  /** Where state is kept. */
  readonly store: StoreSnapshot;
  /** The values in effect, by name; those of secrets read `"[secret]"`. */
  readonly knobs: Readonly<Record<string, KnobValue>>;
  readonly limiters: Readonly<Record<string, LimiterReading>>;
  readonly upstreams: Readonly<Record<string, UpstreamSnapshot>>;
  /** Breakers made on their own; those of upstreams are with their upstream. */
  readonly breakers: Readonly<Record<string, BreakerSnapshot>>;
  /** Bulkheads made on their own; those of upstreams are with their upstream. */
  readonly bulkheads: Readonly<Record<string, BulkheadSnapshot>>;
  /** By namespace. */
  readonly sharedBulkheads: Readonly<Record<string, SharedBulkheadSnapshot>>;
  readonly caches: Readonly<Record<string, CacheSnapshot>>;
  readonly idempotency: Readonly<Record<string, IdempotencySnapshot>>;
  readonly replayGuards: Readonly<Record<string, ReplayGuardSnapshot>>;
  readonly queues: Readonly<Record<string, QueueSnapshot>>;
  /** The guard at the front door; `null` where each call brings its own store. */
  readonly overload: OverloadSnapshot | null;
  readonly slis: SliSnapshots;
  /** What is promised and how it stands, by the indicator: `endpoint:chat`, `upstream:serper`, `endpoint:chat:latency`. */
  readonly objectives: Readonly<Record<string, ObjectiveSnapshot>>;
  /** What operators have set and is in effect, as far as this process knows. */
  readonly levers: readonly LeverEntry[];
  /** Every way into the service with its protections. */
  readonly surface: readonly Surface[];
}

/** A limiter, and whom it denies. */
export interface LimiterReading extends LimiterSnapshot {
  /**
   * The keys that this process denied most in the last five to ten minutes, ten at most, the most denied first. Denials
   * for want of the store are left out. Empty where each call brings its own store: nothing is remembered there.
   */
  readonly topDenied: readonly DeniedKey[];
}

/** A key that a limiter denies often, and how often: counted in bounded room, so that of some only bounds are known. */
export interface DeniedKey {
  /** In place of the key, which may be somebody's address or name: see `kit.keyHash`. */
  readonly hash: string;
  readonly atLeast: number;
  readonly atMost: number;
}

/** The store of a kit. */
export interface StoreSnapshot {
  /** `memory`, `redis`, … */
  readonly kind: string;
  /** Cells held now; `null` where the store can't say. */
  readonly cells: number | null;
  /** Cells held at most; `null` where there is no such bound. */
  readonly capacity: number | null;
}

/** A knob's value as a snapshot shows it. */
export type KnobValue = string | number | boolean | null;

/** The service-level indicators, by name. */
export interface SliSnapshots {
  readonly endpoints: Readonly<Record<string, SliSnapshot>>;
  readonly upstreams: Readonly<Record<string, SliSnapshot>>;
}

/** The indicator of one endpoint or upstream. */
export interface SliSnapshot {
  readonly windows: readonly SliWindow[];
}

/** What an indicator counted over the last `sec` seconds. */
export interface SliWindow {
  readonly sec: number;
  /** Calls that count: successes and bad ones. */
  readonly valid: number;
  readonly bad: number;
  /** Seconds of the window that were watched at all: less than `sec` soon after a start. */
  readonly coveredSec: number;
  /** Milliseconds; `null` without a valid call. */
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}
