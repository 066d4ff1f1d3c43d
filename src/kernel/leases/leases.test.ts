import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type LeaseConfig, type LeaseInput, leaseKernel } from "./leases.js";

const CONFIG: LeaseConfig = { capacity: 2, leaseMs: 1000 };

/** A cell as a store keeps it: what has expired is gone. */
function cell() {
  let held: { state: readonly number[]; until: number } | undefined;
  return (now: number, input: LeaseInput, config = CONFIG) => {
    const before = held !== undefined && held.until > now ? held.state : undefined;
    const { state, ttlMs, decision, granted } = leaseKernel.step(before, now, config, input);
    if (state !== undefined) held = state === null ? undefined : { state, until: now + ttlMs };
    return { ...decision, granted };
  };
}

const acquire = (nonce: number): LeaseInput => ({ op: "acquire", nonce });

describe("leases", () => {
  it("are given out up to the capacity, each with a greater number", () => {
    const step = cell();
    const first = step(5000, acquire(1));
    const second = step(5000, acquire(2));
    expect(first).toMatchObject({ held: true, granted: true, leases: 1, retryAfterMs: 0 });
    expect(second).toMatchObject({ held: true, leases: 2, retryAfterMs: 1000 });
    expect(second.fence).toBeGreaterThan(first.fence);
    expect(step(5400, acquire(3))).toEqual({ held: false, granted: false, fence: 0, leases: 2, retryAfterMs: 600 });
  });

  it("are the same for who asks again because the answer was lost", () => {
    const step = cell();
    const { fence } = step(0, acquire(7));
    expect(step(500, acquire(7))).toMatchObject({ held: true, fence, leases: 1 });
    expect(step(1400, { op: "renew", fence })).toMatchObject({ held: true });
  });

  it("run out unless they are renewed, and then can't be renewed any more", () => {
    const step = cell();
    const { fence } = step(0, acquire(1));
    expect(step(900, { op: "renew", fence })).toMatchObject({ held: true, fence });
    expect(step(1899, { op: "peek" })).toMatchObject({ leases: 1 });
    expect(step(1900, { op: "renew", fence })).toMatchObject({ held: false, granted: false, leases: 0 });
  });

  it("come free when they are released, and once only", () => {
    const step = cell();
    const { fence } = step(0, acquire(1));
    step(0, acquire(2));
    expect(step(1, { op: "release", fence })).toMatchObject({ held: false, granted: true, leases: 1 });
    expect(step(1, { op: "release", fence })).toMatchObject({ granted: false, leases: 1 });
    expect(step(1, acquire(3))).toMatchObject({ held: true });
  });

  it("get greater numbers still after all have gone, within the same millisecond and long after", () => {
    const step = cell();
    const fences: number[] = [];
    for (let nonce = 1; nonce <= 5; nonce++) {
      const { fence } = step(10, acquire(nonce));
      step(10, { op: "release", fence });
      fences.push(fence);
    }
    fences.push(step(100_000, acquire(9)).fence);
    expect(fences).toEqual([...new Set(fences)].sort((a, b) => a - b));
  });

  it("are not taken away by a smaller capacity, nor given out above it", () => {
    const step = cell();
    const { fence } = step(0, acquire(1));
    step(0, acquire(2));
    const smaller = { ...CONFIG, capacity: 1 };
    expect(step(1, { op: "renew", fence }, smaller)).toMatchObject({ held: true, leases: 2 });
    step(2, { op: "release", fence }, smaller);
    expect(step(3, acquire(3), smaller)).toMatchObject({ held: false, leases: 1 });
  });

  it("last no longer than a shorter lease, from when it is asked for", () => {
    const step = cell();
    step(0, acquire(1));
    step(0, acquire(2));
    expect(step(0, acquire(3), { ...CONFIG, leaseMs: 100 })).toMatchObject({ held: false, retryAfterMs: 100 });
  });

  it("become no longer when the clock goes back", () => {
    const step = cell();
    const { fence } = step(10_000, acquire(1));
    step(2000, { op: "renew", fence });
    expect(step(2999, { op: "peek" })).toMatchObject({ leases: 1 });
    expect(step(3000, { op: "peek" })).toMatchObject({ leases: 0 });
  });

  it("agree with a naive model, and never exceed the capacity", () => {
    const operation = fc.record({
      wait: fc.integer({ min: 0, max: 700 }),
      op: fc.constantFrom("acquire", "renew", "release", "peek"),
      which: fc.nat(5),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), fc.integer({ min: 1, max: 4 }), (operations, capacity) => {
        const config = { capacity, leaseMs: 1000 };
        const step = cell();
        const model = new Map<number, number>();
        const fences: number[] = [];
        let now = 1_000_000;
        let nonce = 0;
        for (const { wait, op, which } of operations) {
          now += wait;
          for (const [fence, until] of model) if (until <= now) model.delete(fence);
          if (op === "peek") expect(step(now, { op }, config).leases).toBe(model.size);
          else if (op === "acquire") {
            const { held, fence } = step(now, acquire(++nonce), config);
            expect(held).toBe(model.size < capacity);
            if (!held) continue;
            expect(fence).toBeGreaterThan(fences.at(-1) ?? 0);
            fences.push(fence);
            model.set(fence, now + 1000);
          } else {
            const fence = fences[fences.length - 1 - which] ?? -1;
            expect(step(now, { op, fence }, config).granted).toBe(model.has(fence));
            if (op === "release") model.delete(fence);
            else if (model.has(fence)) model.set(fence, now + 1000);
          }
          expect(model.size).toBeLessThanOrEqual(capacity);
        }
      }),
      { numRuns: 300 },
    );
  });
});
