/** What the tests of endpoints share. */
import { type EventMap, Events } from "../../core/events.js";
import { type Runtime, runtime } from "../../core/runtime.js";
import { seeded } from "../../core/seeded.js";
import type { LimitDecision } from "../../kernel/limit/limit.js";
import { memoryStore } from "../../stores/memory/memory-store.js";
import { ManualClock } from "../../testing/manual-clock.js";
import { anonymous, unlimited } from "../declare.js";
import type { AnyEndpointOptions } from "./any-options.js";
import { Endpoint } from "./endpoint.js";
import { toFetch } from "./fetch.js";
import type { ClientInfo } from "./types.js";

/** A limiter that counts to `limit` by key, remembers whom it was asked about, and never forgets. */
export class CountingLimiter {
  readonly policy;
  /** Keys that were asked about, in order; `key:cost`. */
  readonly asked: string[] = [];
  readonly #used = new Map<string, number>();

  constructor(
    readonly name: string,
    readonly limit: number,
    readonly source: LimitDecision["source"] = "store",
    readonly later = false,
  ) {
    this.policy = { name, limit, windowMs: 60_000 };
  }

  /** As if one unit were asked for, without taking it. */
  async peek(key: string): Promise<LimitDecision> {
    this.asked.push(`${key}:peek`);
    return this.#decide(key, 1, false);
  }

  async check(key: string): Promise<LimitDecision> {
    return this.take(key);
  }

  take(key: string, cost = 1): LimitDecision | Promise<LimitDecision> {
    this.asked.push(`${key}:${cost}`);
    const decision = this.#decide(key, cost, true);
    return this.later ? Promise.resolve(decision) : decision;
  }

  #decide(key: string, cost: number, take: boolean): LimitDecision {
    const used = this.#used.get(key) ?? 0;
    const allowed = used + cost <= this.limit && this.source !== "closed";
    if (allowed && take) this.#used.set(key, used + cost);
    const remaining = this.limit - (this.#used.get(key) ?? 0);
    return {
      allowed,
      limit: this.limit,
      remaining,
      retryAfterMs: allowed ? 0 : 12_345,
      resetMs: 30_000,
      at: 0,
      source: this.source,
      degraded: this.source !== "store",
    };
  }
}

/** A runtime whose time stands still, with the ends of all calls as they were told. */
export function testRuntime(parts: Partial<Runtime> = {}): {
  rt: Runtime;
  clock: ManualClock;
  settled: EventMap["endpoint.settled"][];
} {
  const clock = new ManualClock();
  const events = new Events();
  const settled: EventMap["endpoint.settled"][] = [];
  events.on("endpoint.settled", (event) => void settled.push(event));
  return { rt: runtime({ clock, events, random: seeded(1), store: memoryStore({ clock }), ...parts }), clock, settled };
}

/** Everything an endpoint must say, as loosely as it may. */
export const OPEN = {
  name: "test",
  method: "POST",
  path: "/test",
  auth: anonymous("a test"),
  limits: unlimited("a test"),
  handler: () => ({ ok: true }),
} satisfies AnyEndpointOptions;

/** An endpoint made of `options`, and how to ask it. */
export function serving(options: Partial<AnyEndpointOptions>, { rt, clock, settled } = testRuntime()) {
  const endpoint = new Endpoint({ ...OPEN, ...options }, rt);
  const handle = toFetch([endpoint]);
  const ask = (init: RequestInit & { path?: string } = {}, info?: ClientInfo) =>
    handle(new Request(`http://shop.example${init.path ?? "/test"}`, { method: endpoint.method, ...init }), info);
  return { endpoint, ask, rt, clock, settled };
}

/** A request with a JSON body. */
export function jsonInit(value: unknown, headers: Record<string, string> = {}): RequestInit {
  return { body: JSON.stringify(value), headers: { "content-type": "application/json", ...headers } };
}

/** A body that comes in pieces, and remembers whether anybody read it or stopped it. */
export function watchedBody(chunks: readonly string[], { endless = false } = {}) {
  const seen = { pulled: 0, cancelled: false };
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const chunk = chunks[seen.pulled++];
        if (chunk !== undefined) controller.enqueue(new TextEncoder().encode(chunk));
        else if (!endless) controller.close();
        else return new Promise<void>(() => undefined);
        return undefined;
      },
      cancel() {
        seen.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { seen, init: { body, duplex: "half" } as RequestInit };
}
