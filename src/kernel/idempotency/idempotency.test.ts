import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type IdempotencyConfig,
  type IdempotencyInput,
  type IdempotencyState,
  idempotencyKernel,
} from "./idempotency.js";

const kernel = idempotencyKernel<string>();
const LEASE = 30;
const TTL = 10_000;

/** A cell as a store would hold it. */
function cell(onLeaseExpired: IdempotencyConfig["onLeaseExpired"]) {
  const config = { leaseMs: LEASE, ttlMs: TTL, onLeaseExpired };
  let held: { state: IdempotencyState<string>; expiresAt: number } | undefined;
  return (now: number, input: IdempotencyInput<string>) => {
    const live = held !== undefined && held.expiresAt > now ? held.state : undefined;
    const { state, ttlMs, decision } = kernel.step(live, now, config, input);
    if (state === null) held = undefined;
    else if (state !== undefined) held = { state, expiresAt: now + ttlMs };
    return decision;
  };
}

const begin = (fence: number, fingerprint = "f") => ({ op: "begin", fingerprint, fence }) as const;

describe("an operation that happens once", () => {
  it("is the first's, in flight for others, and then its record is given again", () => {
    const step = cell("unknown");
    expect(step(0, begin(1))).toEqual({ outcome: "first", fence: 1, resumed: false });
    expect(step(10, begin(2))).toEqual({ outcome: "in_flight", retryAfterMs: 20 });
    expect(step(20, { op: "complete", fence: 1, record: "r" })).toEqual({ outcome: "kept" });
    expect(step(25, begin(3))).toEqual({ outcome: "replay", record: "r" });
    expect(step(20 + TTL, begin(4))).toMatchObject({ outcome: "first" });
  });

  it("is a mismatch for another request, before anything else is said", () => {
    const step = cell("rerun");
    step(0, begin(1));
    expect(step(1, begin(2, "g"))).toEqual({ outcome: "mismatch" });
    expect(step(LEASE, begin(2, "g"))).toEqual({ outcome: "mismatch" });
    step(LEASE, { op: "complete", fence: 1, record: "r" });
    expect(step(LEASE + 1, begin(2, "g"))).toEqual({ outcome: "mismatch" });
  });

  it.each([
    ["rerun", { outcome: "first", fence: 2, resumed: false }],
    ["resume", { outcome: "first", fence: 2, resumed: true }],
    ["unknown", { outcome: "unknown" }],
  ] as const)("whose lease ran out is, by policy %s, %o", (policy, decision) => {
    const step = cell(policy);
    step(0, begin(1));
    expect(step(LEASE - 1, begin(2))).toMatchObject({ outcome: "in_flight" });
    expect(step(LEASE, begin(2))).toEqual(decision);
  });

  it("may still end late when nobody has taken it over, even once it counts as unknown", () => {
    const step = cell("unknown");
    step(0, begin(1));
    expect(step(LEASE, begin(2))).toEqual({ outcome: "unknown" });
    expect(step(LEASE + 1, { op: "complete", fence: 1, record: "late" })).toEqual({ outcome: "kept" });
    expect(step(LEASE + 2, begin(3))).toEqual({ outcome: "replay", record: "late" });
  });

  it("makes no lease longer when the clock goes back", () => {
    const step = cell("rerun");
    step(1_000_000, begin(1));
    expect(step(0, begin(2))).toEqual({ outcome: "in_flight", retryAfterMs: LEASE });
  });

  it("has one holder at most, never runs again once done, and hears nothing from stale fences", () => {
    const command = fc.record({
      wait: fc.integer({ min: 0, max: 40 }),
      op: fc.constantFrom("begin", "complete", "renew", "release"),
      who: fc.integer({ min: 0, max: 30 }),
      fingerprint: fc.constantFrom("f", "f", "g"),
    });
    fc.assert(
      fc.property(
        fc.array(command, { maxLength: 60 }),
        fc.constantFrom("rerun" as const, "resume" as const, "unknown" as const),
        (commands, policy) => {
          const step = cell(policy);
          let now = 0;
          let nextFence = 1;
          /** What a plain reading of the rules says: who holds it until when, or what it came to. */
          let holder: { fence: number; until: number; unknown: boolean } | undefined;
          let done = false;
          let fingerprint: string | undefined;
          const fences: number[] = [];
          for (const { wait, op, who, fingerprint: print } of commands) {
            now += wait;
            if (op === "begin") {
              const fence = nextFence++;
              const { outcome } = step(now, begin(fence, print));
              const free = holder === undefined && !done;
              const expired = holder !== undefined && !holder.unknown && now >= holder.until;
              if (free) expect(outcome).toBe("first");
              else if (fingerprint !== print) expect(outcome).toBe("mismatch");
              else if (done) expect(outcome).toBe("replay");
              else if (holder?.unknown) expect(outcome).toBe("unknown");
              else if (!expired) expect(outcome).toBe("in_flight");
              else expect(outcome).toBe(policy === "unknown" ? "unknown" : "first");
              if (outcome === "first") {
                holder = { fence, until: now + LEASE, unknown: false };
                fingerprint = print;
                fences.push(fence);
              } else if (outcome === "unknown" && holder !== undefined) holder.unknown = true;
              continue;
            }
            const fence = fences[who % Math.max(1, fences.length)] ?? 0;
            const { outcome } = step(now, op === "complete" ? { op, fence, record: `r${fence}` } : { op, fence });
            const mine = holder !== undefined && holder.fence === fence;
            expect(outcome).toBe(mine ? "kept" : "lost");
            if (!mine || holder === undefined) continue;
            if (op === "complete") [done, holder] = [true, undefined];
            else if (op === "release") [holder, fingerprint] = [undefined, undefined];
            else holder = { fence, until: now + LEASE, unknown: false };
          }
        },
      ),
      // Sixty steps of 40 ms at most stay within the time that is remembered; that it ends is tested above.
      { numRuns: 400 },
    );
  });
});
