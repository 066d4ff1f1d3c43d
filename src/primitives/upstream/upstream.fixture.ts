import type { EventMap, EventType } from "../../core/events.js";
import { type Runtime, runtime } from "../../core/runtime.js";
import { seeded } from "../../core/seeded.js";
import { ManualClock } from "../../testing/manual-clock.js";
import type { UpstreamOptions } from "./options.js";
import { Upstream } from "./upstream.js";

/** An upstream in virtual time, and everything it told. */
export function setup<F = never>(options: UpstreamOptions<never, F>, parts: Partial<Runtime> = {}) {
  const clock = new ManualClock();
  const rt = runtime({ clock, random: seeded(1), ...parts });
  const events: { type: EventType; event: EventMap[EventType] }[] = [];
  rt.events.onAny((type, event) => events.push({ type, event }));
  /** The events of one type, in order. */
  const told = <T extends EventType>(type: T) =>
    events.filter((entry) => entry.type === type).map(({ event }) => event as EventMap[T]);
  return { clock, rt, events, told, upstream: new Upstream<F>("serper", options, rt) };
}

/** Options with every part, and waits that are known. */
export const full = {
  timeout: "30s",
  attemptTimeout: "10s",
  retry: { attempts: 3, backoff: "100ms", jitter: "none" },
  breaker: { minimumCalls: 4, jitter: 0 },
  bulkhead: { maxConcurrent: 2, maxQueue: 2 },
} as const;

/** A callee that never answers. */
export const hang = (): Promise<string> => new Promise(() => undefined);

/** What a promise rejects with; or, as a string, what it resolves with. */
export const caught = (promise: Promise<unknown>): Promise<unknown> => promise.then(String, (error: unknown) => error);

/** Ends after so many milliseconds of the clock: rejects with an error, resolves with anything else. */
export const later = <T>(clock: ManualClock, ms: number, value: T): Promise<Exclude<T, Error>> =>
  new Promise((resolve, reject) => {
    const end = () => (value instanceof Error ? reject(value) : resolve(value as Exclude<T, Error>));
    clock.alarm(ms, end, "background");
  });
