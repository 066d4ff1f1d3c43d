import fc from "fast-check";
import { expect, it } from "vitest";
import type { BreakerStateName } from "../../core/events.js";
import { runtime } from "../../core/runtime.js";
import { ManualClock } from "../../testing/manual-clock.js";
import type { CallOutcome } from "../outcome.js";
import { Breaker } from "./breaker.js";

const BUCKET_MS = 10;
const BUCKETS = 10;
const OPTIONS = {
  window: BUCKET_MS * BUCKETS,
  failureRate: 0.5,
  minimumCalls: 4,
  slowCall: { over: 10, rate: 0.75 },
  openFor: 50,
  maxOpenFor: 200,
  jitter: 0,
  halfOpen: { calls: 3, maxWait: 50 },
} as const;

interface Settled {
  readonly at: number;
  readonly failed: boolean;
  readonly slow: boolean;
}

/** The definition, written down as plainly as it can be: every call is kept, and counted anew each time. */
class Model {
  state: BreakerStateName = "closed";
  generation = 1;
  stale = 0;
  calls: Settled[] = [];
  start = 0;
  attempt = 0;
  openUntil = 0;
  askedUntil = 0;
  probes = 0;
  grantedAt = 0;

  become(state: BreakerStateName, now: number): void {
    this.state = state;
    this.generation++;
    this.calls = [];
    this.start = now;
    this.askedUntil = 0;
    this.probes = 0;
    if (state !== "open" && state !== "half-open") this.attempt = 0;
  }

  open(now: number): void {
    this.attempt++;
    this.openUntil = Math.max(now + Math.min(50 * 2 ** (this.attempt - 1), 200), this.askedUntil);
    this.become("open", now);
  }

  enter(now: number): number {
    if (this.state === "open" && now >= this.openUntil) this.become("half-open", now);
    if (this.state === "half-open" && this.probes > 0 && now - this.grantedAt >= 50) this.open(now);
    if (this.state === "open" || this.state === "isolated") return 0;
    if (this.state === "half-open") {
      if (this.probes + this.calls.length >= 3) return 0;
      this.probes++;
      this.grantedAt = now;
    }
    return this.generation;
  }

  settle(permit: number, outcome: CallOutcome, now: number, slow: boolean, hint: number): void {
    if (permit !== this.generation) {
      this.stale++;
      return;
    }
    if (this.state === "half-open") this.probes--;
    if (this.state === "disabled" || (outcome !== "success" && outcome !== "failure")) return;
    const failed = outcome === "failure";
    this.calls.push({ at: now, failed, slow });
    if (failed && hint > 0) this.askedUntil = Math.max(this.askedUntil, now + Math.min(hint, 200));
    const { calls, failures, slow: slows } = this.counts(now);
    if (this.state === "closed" && calls >= 4 && (failures / calls >= 0.5 || slows / calls >= 0.75)) this.open(now);
    else if (this.state === "half-open") {
      // Of three probes two failures are half or more, and only three slow ones are three quarters.
      if (failures >= 2 || slows >= 3) this.open(now);
      else if (failures + 3 - calls < 2 && slows + 3 - calls < 3) this.become("closed", now);
    }
  }

  /** A window is a ring of buckets; a trial counts all of its calls. */
  counts(now: number): { calls: number; failures: number; slow: number } {
    const bucket = (at: number) => Math.floor((at - this.start) / BUCKET_MS);
    const counted =
      this.state === "half-open" ? this.calls : this.calls.filter(({ at }) => bucket(at) > bucket(now) - BUCKETS);
    return {
      calls: counted.length,
      failures: counted.filter(({ failed }) => failed).length,
      slow: counted.filter(({ slow }) => slow).length,
    };
  }

  /** Written down and read again at once. */
  restored(now: number): void {
    if (this.state === "half-open") {
      this.openUntil = now;
      this.become("open", now);
    } else {
      this.generation++;
      this.askedUntil = 0;
    }
  }
}

it("a breaker does what a naive model does", () => {
  const operation = fc.oneof(
    { weight: 20, arbitrary: fc.record({ op: fc.constant("enter" as const) }) },
    {
      weight: 20,
      arbitrary: fc.record({
        op: fc.constant("settle" as const),
        which: fc.nat(5),
        outcome: fc.constantFrom("success", "failure", "failure", "ignored", "cancelled", "rejected"),
        durationMs: fc.constantFrom(10, 11),
        hint: fc.constantFrom(0, 0, 0, 120, 5_000),
      }),
    },
    {
      weight: 8,
      arbitrary: fc.record({ op: fc.constant("pass" as const), ms: fc.constantFrom(1, 7, 10, 30, 50, 130) }),
    },
    { weight: 1, arbitrary: fc.record({ op: fc.constantFrom("isolate", "disable", "metricsOnly", "reset") }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constantFrom("close", "restore") }) },
  );
  const seen = new Set<string>();
  fc.assert(
    fc.property(fc.array(operation, { minLength: 30, maxLength: 120, size: "max" }), (operations) => {
      const clock = new ManualClock();
      const breaker = new Breaker("model", OPTIONS, runtime({ clock }));
      const model = new Model();
      const permits: number[] = [];
      for (const operation of operations) {
        const now = clock.monotonic();
        const before = model.state;
        switch (operation.op) {
          case "enter": {
            const permit = breaker.enter(now);
            expect(permit).toBe(model.enter(now));
            if (permit !== 0) permits.push(permit);
            break;
          }
          case "settle": {
            const { which, outcome, durationMs, hint } = operation;
            const [permit] = permits.splice(which % permits.length, 1);
            if (permit === undefined) break;
            breaker.settle(permit, outcome, now, durationMs, hint);
            model.settle(permit, outcome, now, durationMs > 10, hint);
            break;
          }
          case "pass":
            clock.tick(operation.ms);
            break;
          case "restore":
            breaker.restore(JSON.parse(JSON.stringify(breaker.serialise())));
            model.restored(now);
            break;
          case "reset":
            breaker.reset();
            model.become("closed", now);
            break;
          default: {
            const by = operation.op;
            const to = (
              { isolate: "isolated", disable: "disabled", metricsOnly: "metrics-only", close: "closed" } as const
            )[by];
            breaker[by]();
            if (model.state !== to) model.become(to, now);
          }
        }
        seen.add(`${operation.op}: ${before} → ${model.state}`);
        const { state, generation, stale, calls, failures, slow, probing } = breaker.snapshot();
        expect({ state, generation, stale, probing }).toEqual({
          state: model.state,
          generation: model.generation,
          stale: model.stale,
          probing: model.probes,
        });
        expect({ calls, failures, slow }).toEqual(model.counts(clock.monotonic()));
        if (state === "open")
          expect(breaker.snapshot().retryAfterMs).toBe(Math.max(0, model.openUntil - clock.monotonic()));
      }
    }),
    { numRuns: 500 },
  );
  // It went everywhere.
  expect([...seen]).toEqual(
    expect.arrayContaining([
      "settle: closed → open",
      "enter: open → open",
      "enter: open → half-open",
      "enter: half-open → half-open",
      "enter: half-open → open",
      "settle: half-open → half-open",
      "settle: half-open → open",
      "settle: half-open → closed",
      "restore: half-open → open",
      "restore: open → open",
      "settle: metrics-only → metrics-only",
      "settle: disabled → disabled",
      "enter: isolated → isolated",
    ]),
  );
});
