import type { Duration } from "./duration.js";

/** Everything an operator can do to a service while it runs. */
export const LEVERS = [
  "breaker.isolate",
  "breaker.close",
  "breaker.disable",
  "bulkhead.resize",
  "knob.set",
  "cache.clear",
  "queue.pause",
  "queue.resume",
  "queue.drain",
  "queue.requeue-dead",
  "queue.drop-dead",
  "limiter.reset",
  "limiter.block",
  "overload.shed",
] as const;

/** One of {@link LEVERS}. */
export type LeverName = (typeof LEVERS)[number];

/** What a lever is told beside its target. */
export type LeverArgs = Readonly<Record<string, string | number>>;

/** Something that a lever wants to be told. */
export interface LeverArg {
  readonly name: string;
  readonly kind: "number" | "text" | "duration";
  readonly required: boolean;
  readonly describe: string;
}

/** A lever as a catalogue shows it. */
export interface Lever {
  readonly lever: LeverName;
  readonly describe: string;
  /** What it can be pulled on here; empty where there is nothing of the kind. */
  readonly targets: readonly string[];
  /** Whether it has an expiry and can be taken back. */
  readonly lasting: boolean;
  readonly args: readonly LeverArg[];
}

/** Who did something, why, and when (Unix milliseconds). */
export interface LeverAct {
  readonly by: string;
  readonly reason: string;
  readonly at: number;
}

/** A lever that was pulled. */
export interface LeverEntry extends LeverAct {
  readonly id: string;
  readonly lever: LeverName;
  readonly target: string;
  readonly args: LeverArgs;
  /** When it ends by itself, in Unix milliseconds; `null`: it acts once. */
  readonly expiresAt: number | null;
  /** Who took it back early. */
  readonly released?: LeverAct;
  /** Who pulled another one in its place. */
  readonly superseded?: LeverAct;
  /** How many things it was done to, as its pull answers it: jobs that were requeued, say. */
  readonly count?: number;
}

/** A line of the audit. `by`, `reason` and `at` are those of the act itself; of `expired` and `failed` those of the pull. */
export interface AuditEntry extends LeverAct {
  readonly action: "pulled" | "released" | "expired" | "superseded" | "failed";
  /** Of the {@link LeverEntry}. */
  readonly id: string;
  readonly lever: LeverName;
  readonly target: string;
  readonly args: LeverArgs;
  readonly expiresAt: number | null;
}

/** How a lever is pulled. */
export interface LeverPull {
  readonly lever: LeverName;
  /** One of the catalogue's; the part behind the colon is enough where it is nobody else's. */
  readonly target: string;
  readonly args?: LeverArgs;
  /** Who does it: an identity that was checked, not what somebody says of himself. At most 200 characters. */
  readonly by: string;
  /** Why. At most 500 characters. */
  readonly reason: string;
  /** For levers that last: after how long it ends by itself, from a second to 24 hours. Default `"15m"`. */
  readonly expiresIn?: Duration;
}

/** The levers of a kit. */
export interface Levers {
  /** What there is to pull here. */
  catalogue(): readonly Lever[];
  /**
   * Does something to the service, in all of its processes. It is written into the audit before it is done.
   *
   * @throws {KeelsonError} `validation` (no identity, no reason, a wrong argument or expiry, too many levers at a time),
   * `not_found` (no such lever or target), `unavailable` where the store could not be reached: then the audit says
   * whether it was done
   */
  pull(pull: LeverPull): Promise<LeverEntry>;
  /**
   * Takes a lasting lever back before its time.
   *
   * @throws {KeelsonError} `validation`, `not_found` where it isn't in effect (any more), `unavailable`
   */
  release(id: string, by: { readonly by: string; readonly reason: string }): Promise<LeverEntry>;
  /** Those in effect, oldest first; as last known, where the store can't be reached. */
  active(): Promise<readonly LeverEntry[]>;
  /**
   * What was done, newest first: up to `limit` lines (default 50, at most 200) of the last 200.
   *
   * @throws {KeelsonError} `validation`; `unavailable` when the store failed
   */
  audit(options?: { readonly limit?: number }): Promise<readonly AuditEntry[]>;
  /**
   * Looks in the store now, acts upon what other processes did, and ends what has expired. Kits do this by themselves;
   * where kits are bound to each call (Convex) nothing runs in between: call it from a cron, each minute say.
   */
  look(): Promise<void>;
}

/** Something that sheds load when it is told to: what `overload.shed` is pulled on. */
export interface Shedding {
  /** Refuses everything of a lower priority from now on, until {@link restore}. */
  shed(below: "critical" | "high" | "normal"): void;
  restore(): void;
}
