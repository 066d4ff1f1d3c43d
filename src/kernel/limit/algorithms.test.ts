import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Admitted,
  brokenPromise,
  Cell,
  capacityOf,
  costOf,
  forward,
  jumpy,
  KERNELS,
  NAMES,
  smallConfig,
} from "./limit.fixture.js";
import type { LimitConfig } from "./limit.js";
import { MODELS } from "./models.fixture.js";

const START = 1_000_000;

/** Limits at the far end of what a limiter accepts: products of limit and window near 2^52. */
const hugeConfig: fc.Arbitrary<LimitConfig> = fc
  .record({
    windowMs: fc.constantFrom(1, 1_000, 60_000, 31_622_400_000),
    share: fc.double({ min: 0.9, max: 1, noNaN: true }),
  })
  .map(({ windowMs, share }) => {
    const limit = Math.max(1, Math.min(Math.floor((2 ** 52 / windowMs) * share), windowMs * 1000));
    return { limit, windowMs, burst: limit, blockMs: 0 };
  });

describe.each(NAMES)("%s", (name) => {
  const kernel = KERNELS[name];
  const model = MODELS[name];

  it("decides as its plain model does, and says truly what is left and when to come back", () => {
    fc.assert(
      fc.property(smallConfig, forward, (config, requests) => {
        const cell = new Cell(kernel);
        const capacity = capacityOf(name, config);
        const admitted: Admitted[] = [];
        let now = START;
        for (const request of requests) {
          now += request.wait;
          const cost = costOf(request, capacity);
          const decision = cell.take(now, config, cost);
          expect(decision.allowed).toBe(model(admitted, now, config, cost) || cost === 0);
          if (decision.allowed && cost > 0) admitted.push({ at: now, cost });
          expect(decision.limit).toBe(capacity);
          const { remaining, retryAfterMs, resetMs } = decision;
          expect(remaining === 0 || model(admitted, now, config, remaining)).toBe(true);
          expect(remaining < capacity && model(admitted, now, config, remaining + 1)).toBe(false);
          if (decision.allowed) expect(retryAfterMs).toBe(0);
          else {
            expect(model(admitted, now + retryAfterMs, config, cost)).toBe(true);
            expect(model(admitted, now + retryAfterMs - 1, config, cost)).toBe(false);
          }
          expect(cell.peek(now + resetMs, config).remaining).toBe(capacity);
          if (resetMs > 0) expect(cell.peek(now + resetMs - 1, config).remaining).toBeLessThan(capacity);
        }
      }),
      { numRuns: 400 },
    );
  });

  it("admits no more than promised over any span, whatever the clock does", () => {
    fc.assert(
      fc.property(smallConfig, jumpy, fc.boolean(), (config, requests, forgets) => {
        const cell = new Cell(kernel, forgets);
        const admitted: Admitted[] = [];
        let now = 10 * START;
        // The time that has certainly passed: a clock that goes back says nothing.
        let passed = 0;
        for (const request of requests) {
          now = Math.max(1, now + request.wait);
          passed += Math.max(0, request.wait);
          const cost = costOf(request, capacityOf(name, config));
          if (cell.take(now, config, cost).allowed) admitted.push({ at: passed, cost });
        }
        expect(brokenPromise(name, config, admitted)).toBeUndefined();
      }),
      { numRuns: 400 },
    );
  });

  it("recovers from a clock that was set back within the time that it always takes", () => {
    fc.assert(
      fc.property(smallConfig, fc.constantFrom(1, 5, 3_600_000, 86_400_000), (config, back) => {
        const cell = new Cell(kernel);
        const capacity = capacityOf(name, config);
        const now = 100 * START;
        const { resetMs } = cell.take(now, config, capacity);
        const then = now - back;
        expect(cell.take(then, config, 1).allowed).toBe(false);
        expect(cell.take(then + resetMs, config, capacity).allowed).toBe(true);
      }),
    );
  });

  it("admits no more than promised of what is not handed back, each refund but once", () => {
    fc.assert(
      fc.property(smallConfig, forward, fc.array(fc.nat(), { maxLength: 60 }), (config, requests, picks) => {
        const cell = new Cell(kernel);
        const admitted: Admitted[] = [];
        let now = START;
        for (const [i, request] of requests.entries()) {
          now += request.wait;
          const cost = costOf(request, capacityOf(name, config));
          const decision = cell.take(now, config, cost);
          if (decision.allowed && cost > 0) admitted.push({ at: decision.at, cost });
          const pick = picks[i];
          const back = pick === undefined ? undefined : admitted[pick % Math.max(1, admitted.length)];
          if (back !== undefined && back.cost > 0) {
            const amount = 1 + ((pick ?? 0) % back.cost);
            cell.step(now, config, { op: "refund", amount, at: back.at });
            back.cost -= amount;
          }
        }
        expect(brokenPromise(name, config, admitted)).toBeUndefined();
      }),
      { numRuns: 400 },
    );
  });

  it("decides alike whether a state whose time is up was dropped or not, also when limits change", () => {
    const changes = fc.array(fc.tuple(smallConfig, forward), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(changes, fc.constantFrom(0, 3, 30), (phases, blockMs) => {
        const one = new Cell(kernel);
        const other = new Cell(kernel, false);
        let now = START;
        for (const [config, requests] of phases) {
          for (const request of requests) {
            now += request.wait;
            const cost = costOf(request, capacityOf(name, config));
            expect(one.take(now, { ...config, blockMs }, cost)).toEqual(other.take(now, { ...config, blockMs }, cost));
          }
        }
      }),
      { numRuns: 400 },
    );
  });

  it("keeps to the new limits from a change on, and forgets no units but what goes beyond full", () => {
    fc.assert(
      fc.property(smallConfig, smallConfig, forward, forward, (before, after, first, then) => {
        const cell = new Cell(kernel);
        const admitted: Admitted[] = [];
        let now = START;
        for (const request of first) {
          now += request.wait;
          cell.take(now, before, costOf(request, capacityOf(name, before)));
        }
        const used = capacityOf(name, before) - cell.peek(now, before).remaining;
        const left = cell.peek(now, after).remaining;
        const capacity = capacityOf(name, after);
        // A shorter window may have come to its end; otherwise the units are as many, or one more by rounding.
        if (after.windowMs >= before.windowMs) expect(left).toBeLessThanOrEqual(Math.max(0, capacity - used));
        expect(left).toBeGreaterThanOrEqual(Math.max(0, capacity - used - 1));
        for (const request of then) {
          const cost = costOf(request, capacity);
          if (cell.take(now, after, cost).allowed) admitted.push({ at: now, cost });
          now += request.wait;
        }
        expect(brokenPromise(name, after, admitted)).toBeUndefined();
      }),
      { numRuns: 400 },
    );
  });

  it("stays within whole numbers at the largest limits, after jumps of years and at the largest cost", () => {
    fc.assert(
      fc.property(hugeConfig, hugeConfig, jumpy, (config, other, requests) => {
        // What a sliding log is given is bounded by its limiter; it takes few entries here all the same.
        const cell = new Cell(kernel);
        let now = Date.UTC(2026, 0, 1);
        for (const [i, request] of requests.entries()) {
          now += request.wait * 1_000;
          const used = i % 7 === 6 ? other : config;
          const decision = cell.take(now, used, costOf(request, capacityOf(name, used)));
          expect(decision.remaining).toBeLessThanOrEqual(capacityOf(name, used));
        }
      }),
      { numRuns: 200 },
    );
  });
});
