import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type SharedBreakerInput, sharedBreakerKernel } from "./shared-breaker.js";

const CONFIG = { quorum: 2, probeMs: 500 };

/** A cell as a store keeps it: what has expired is gone. */
function cell(config = CONFIG) {
  let held: { state: readonly number[]; until: number } | undefined;
  return (now: number, input: SharedBreakerInput) => {
    const before = held !== undefined && held.until > now ? held.state : undefined;
    const { state, ttlMs, decision } = sharedBreakerKernel.step(before, now, config, input);
    if (state !== undefined) held = state === null ? undefined : { state, until: now + ttlMs };
    return decision;
  };
}

const opened = (node: number, openMs = 1000): SharedBreakerInput => ({ op: "advertise", node, openMs });
const READ = { op: "read" } as const;
const PROBE = { op: "probe" } as const;

describe("a shared breaker", () => {
  it("is open while a quorum of processes says so, and not for one of them", () => {
    const step = cell();
    expect(step(0, opened(1))).toEqual({ open: false, nodes: 1, retryAfterMs: 0, fence: 0 });
    expect(step(0, opened(1))).toMatchObject({ open: false, nodes: 1 });
    expect(step(200, opened(2))).toMatchObject({ open: true, nodes: 2, retryAfterMs: 800 });
    expect(step(999, READ)).toMatchObject({ open: true, retryAfterMs: 1 });
    expect(step(1000, READ)).toMatchObject({ open: false, nodes: 1 });
  });

  it("closes when a process takes back what it said", () => {
    const step = cell();
    step(0, opened(1));
    step(0, opened(2));
    expect(step(1, opened(1, 0))).toMatchObject({ open: false, nodes: 1 });
  });

  it("lets one probe through for all, and the next when that has reported", () => {
    const step = cell();
    step(0, opened(1));
    step(0, opened(2));
    const { fence } = step(100, PROBE);
    expect(fence).toBeGreaterThan(0);
    expect(step(200, PROBE).fence).toBe(0);
    step(300, { op: "settle", fence, recovered: false });
    expect(step(300, PROBE).fence).toBeGreaterThan(fence);
  });

  it("closes for all when a probe finds the callee well", () => {
    const step = cell();
    step(0, opened(1));
    step(0, opened(2));
    const { fence } = step(100, PROBE);
    expect(step(150, { op: "settle", fence, recovered: true })).toMatchObject({ open: false, nodes: 0 });
  });

  it("waits for a probe that never reports no longer than it may take, and then doesn't believe it", () => {
    const step = cell();
    step(0, opened(1));
    step(0, opened(2, 5000));
    step(0, opened(3, 5000));
    const { fence: late } = step(0, PROBE);
    expect(step(499, PROBE).fence).toBe(0);
    const { fence } = step(500, PROBE);
    expect(fence).toBeGreaterThan(late);
    expect(step(600, { op: "settle", fence: late, recovered: true })).toMatchObject({ open: true });
    expect(step(600, PROBE).fence).toBe(0);
  });

  it("stays open no longer when the clock goes back", () => {
    const step = cell();
    step(10_000, opened(1));
    step(1000, opened(2));
    expect(step(1999, READ)).toMatchObject({ open: true });
    expect(step(2000, READ)).toMatchObject({ open: false });
  });

  it("keeps a bounded number of processes, enough for any quorum", () => {
    const step = cell({ quorum: 100, probeMs: 1 });
    for (let node = 1; node <= 1000; node++) step(0, opened(node));
    expect(step(0, READ)).toMatchObject({ open: true, nodes: 128 });
  });

  it("agrees with a naive model", () => {
    const operation = fc.record({
      wait: fc.integer({ min: 0, max: 400 }),
      op: fc.constantFrom("advertise", "probe", "settle", "read"),
      node: fc.integer({ min: 1, max: 4 }),
      openMs: fc.integer({ min: 0, max: 1500 }),
      recovered: fc.boolean(),
      late: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const step = cell();
        const nodes = new Map<number, number>();
        let probe = { fence: 0, until: 0 };
        let earlier = 0;
        let now = 1_000_000;
        for (const { wait, op, node, openMs, recovered, late } of operations) {
          now += wait;
          for (const [known, until] of nodes) if (until <= now) nodes.delete(known);
          if (op === "advertise") {
            nodes.delete(node);
            if (openMs > 0) nodes.set(node, now + openMs);
            step(now, { op, node, openMs });
          } else if (op === "probe") {
            const { fence } = step(now, PROBE);
            expect(fence > 0).toBe(probe.until <= now);
            if (fence > 0) {
              expect(fence).toBeGreaterThan(probe.fence);
              earlier = probe.fence;
              probe = { fence, until: now + CONFIG.probeMs };
            }
          } else if (op === "settle") {
            const fence = late ? earlier : probe.fence;
            step(now, { op, fence, recovered });
            if (fence === probe.fence && probe.until > now) {
              probe = { fence, until: 0 };
              if (recovered) nodes.clear();
            }
          }
          expect(step(now, READ)).toMatchObject({ nodes: nodes.size, open: nodes.size >= CONFIG.quorum });
        }
      }),
      { numRuns: 300 },
    );
  });
});
