import fc from "fast-check";
import { expect, it } from "vitest";
import { KeelsonError } from "../../core/errors.js";
import { runtime } from "../../core/runtime.js";
import { ManualClock } from "../../testing/manual-clock.js";
import { breakerOptions, CALL, DEPARTURE, Fault, Late, Naive, SECOND, type Setting } from "./naive.fixture.js";
import { later } from "./upstream.fixture.js";
import { Upstream } from "./upstream.js";

/** What the callee does in one attempt. */
interface Step {
  readonly ends: "well" | "badly" | "at fault" | "never";
  readonly ms: number;
}

/** One call. */
interface Script {
  readonly startsAt: number;
  /** Milliseconds after its start at which the caller leaves. */
  readonly leavesAfter: number | null;
  /** By attempt; the last one stays. */
  readonly steps: readonly Step[];
}

interface Side {
  run(fn: (attempt: number) => Promise<unknown>, caller: AbortSignal): Promise<unknown>;
}

/** Plays all scripts; answers what each caller got, and when. */
async function play(clock: ManualClock, side: Side, scripts: readonly Script[]): Promise<string[]> {
  const results = scripts.map(() => "nothing");
  for (const [index, { startsAt, leavesAfter, steps }] of scripts.entries()) {
    const caller = new AbortController();
    const start = () => {
      const ended = (what: string) => {
        results[index] = `${what} at ${clock.monotonic()}`;
      };
      const callee = (attempt: number): Promise<unknown> => {
        const { ends, ms } = steps[Math.min(attempt, steps.length) - 1] as Step;
        if (ends === "never") return new Promise(() => undefined);
        const name = `${ends} ${attempt}`;
        return later(
          clock,
          ms + attempt,
          ends === "well" ? name : ends === "badly" ? new Error(name) : new Fault(name),
        );
      };
      side.run(callee, caller.signal).then(
        (value) => ended(String(value)),
        (error: unknown) => ended(shown(error)),
      );
      if (leavesAfter !== null) clock.alarm(leavesAfter + DEPARTURE, () => caller.abort("left"), "background");
    };
    clock.alarm(startsAt + index * CALL, start, "background");
  }
  await clock.advance(200 * SECOND);
  return results;
}

function shown(error: unknown): string {
  if (error instanceof Late) return `late: ${error.scope}`;
  if (!(error instanceof KeelsonError)) return String(error);
  if (error.code === "upstream_timeout") return `late: ${error.message.includes("total") ? "total" : "attempt"}`;
  return `${error.code} ${error.retryAfterMs}`;
}

const duration = (maxSeconds: number) =>
  fc.integer({ min: 1, max: maxSeconds * 1000 }).map((ms) => (ms * SECOND) / 1000);
const settings: fc.Arbitrary<Setting> = fc.record({
  timeout: duration(20),
  attemptTimeout: duration(8),
  attempts: fc.integer({ min: 1, max: 4 }),
  backoff: duration(3),
  minimum: fc.integer({ min: 0, max: 6 }),
  minimumCalls: fc.integer({ min: 1, max: 5 }),
  openFor: duration(10),
  maxConcurrent: fc.integer({ min: 1, max: 3 }),
  maxQueue: fc.integer({ min: 0, max: 3 }),
});
const step: fc.Arbitrary<Step> = fc.record({
  ends: fc.constantFrom("well", "badly", "badly", "at fault", "never"),
  ms: duration(9),
});
const script: fc.Arbitrary<Script> = fc.record({
  startsAt: duration(30),
  leavesAfter: fc.option(duration(15), { freq: 4 }),
  steps: fc.array(step, { minLength: 1, maxLength: 4 }),
});

const WAYS_OUT = [
  "well",
  "badly",
  "at fault",
  "late: attempt",
  "late: total",
  "left",
  "upstream_bulkhead_full",
  "upstream_circuit_open",
];

it("does in one call what the layers do one around the other", async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(settings, fc.array(script, { minLength: 1, maxLength: 10 }), async (setting, scripts) => {
      const naiveClock = new ManualClock();
      const naive = new Naive(naiveClock, setting);
      const expected = await play(naiveClock, naive, scripts);

      const clock = new ManualClock();
      const { timeout, attemptTimeout, attempts, backoff, minimum, maxConcurrent, maxQueue } = setting;
      const upstream = new Upstream(
        "fused",
        {
          timeout,
          attemptTimeout,
          retry: {
            attempts,
            backoff,
            maxBackoff: 5 * SECOND,
            maxRetryAfter: 30 * SECOND,
            jitter: "none",
            budget: { minimum, window: 10 * SECOND },
          },
          breaker: breakerOptions(setting),
          bulkhead: { maxConcurrent, maxQueue },
        },
        runtime({ clock }),
      );
      const run = (fn: (attempt: number) => Promise<unknown>, signal: AbortSignal) =>
        upstream.run(({ attempt }) => fn(attempt), { signal });
      const results = await play(clock, { run }, scripts);

      expect(results).toEqual(expected);
      for (const result of results) seen.add(WAYS_OUT.find((way) => result.includes(way)) ?? result);
      const { generation, stale, rejected, calls, failures, state, probing } = naive.breaker.snapshot();
      const snapshot = upstream.snapshot();
      expect(snapshot.breaker).toMatchObject({ generation, stale, rejected, calls, failures, state, probing });
      expect(snapshot.bulkhead).toEqual(naive.bulkhead.snapshot());
      expect(snapshot).toMatchObject({ running: 0, bulkhead: { running: 0, queued: 0 } });
      expect(clock.pending("held")).toBe(0);
      expect(naiveClock.pending("held")).toBe(0);
    }),
    { numRuns: 300 },
  );
  // Every way out was taken, or the comparison would say less than it seems to.
  expect([...seen].sort()).toEqual([...WAYS_OUT].sort());
});
