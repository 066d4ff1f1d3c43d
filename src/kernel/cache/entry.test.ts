import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CacheEntryInput, type CacheEntryState, cacheEntryKernel } from "./entry.js";

const CONFIG = { leaseMs: 1_000 };

/** An entry as a store keeps it: what has expired is gone. */
function entry() {
  let held: { state: CacheEntryState; until: number } | undefined;
  return (now: number, input: CacheEntryInput) => {
    const before = held !== undefined && held.until > now ? held.state : undefined;
    const { state, ttlMs, decision } = cacheEntryKernel.step(before, now, CONFIG, input);
    if (state !== undefined) held = state === null ? undefined : { state, until: now + ttlMs };
    return decision;
  };
}

const read = (fence: number, epoch = 1): CacheEntryInput => ({ op: "read", fence, epoch });
const commit = (fence: number, text: string, epoch = 1): CacheEntryInput => ({
  op: "commit",
  fence,
  text,
  freshMs: 100,
  keepMs: 500,
  epoch,
});

describe("an entry that processes share", () => {
  it("is loaded by one, and then fresh for all; later it stands in while one loads it anew", () => {
    const ask = entry();
    expect(ask(0, read(7))).toMatchObject({ text: null, fence: 7 });
    expect(ask(10, read(8))).toMatchObject({ fence: 0, waitMs: 990 });
    expect(ask(20, read(7))).toMatchObject({ fence: 7 });
    expect(ask(30, commit(7, "a"))).toMatchObject({ kept: true, waited: false });
    expect(ask(129, read(9))).toMatchObject({ text: "a", freshMs: 1, graceMs: 501, fence: 0, waitMs: 0 });
    expect(ask(130, read(9))).toMatchObject({ text: "a", freshMs: 0, fence: 9 });
    expect(ask(140, read(8))).toMatchObject({ text: "a", freshMs: -10, fence: 0, waitMs: 990 });
    expect(ask(150, { op: "release", fence: 9, epoch: 1 })).toMatchObject({ kept: true, waited: true });
    expect(ask(629, read(0))).toMatchObject({ text: "a", graceMs: 1 });
    expect(ask(630, read(0))).toMatchObject({ text: null, graceMs: 0 });
  });

  it("says whether somebody waits, once", () => {
    const ask = entry();
    ask(0, read(7));
    ask(1, read(8));
    expect(ask(2, commit(7, "a"))).toMatchObject({ kept: true, waited: true });
    expect(ask(3, { op: "set", text: "b", freshMs: 1, keepMs: 0, epoch: 1 })).toMatchObject({ waited: false });
  });

  it("counts as gone in another epoch, and is not written by who loaded it in that before", () => {
    const ask = entry();
    ask(0, read(7));
    expect(ask(1, read(8, 2))).toMatchObject({ text: null, fence: 8 });
    expect(ask(2, commit(7, "old"))).toMatchObject({ kept: false });
    expect(ask(3, commit(8, "new", 2))).toMatchObject({ kept: true });
    expect(ask(4, read(0, 2))).toMatchObject({ text: "new" });
    expect(ask(4, read(0, 1))).toMatchObject({ text: null });
  });

  it("is never written by a load that began before the last change", () => {
    const fence = fc.integer({ min: 1, max: 4 });
    const step = fc.record({
      wait: fc.integer({ min: 0, max: 400 }),
      input: fc.oneof(
        fc.record({ op: fc.constant("read" as const), fence }),
        fc.record({ op: fc.constant("commit" as const), fence }),
        fc.record({ op: fc.constant("release" as const), fence }),
        fc.record({ op: fc.constantFrom("set" as const, "delete" as const) }),
      ),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const ask = entry();
        let now = 0;
        /** Who may write: who was told to load last, if nothing was changed since. */
        let loading = 0;
        for (const { wait, input } of steps) {
          now += wait;
          const written = { text: "x", freshMs: 100, keepMs: 100 };
          const decision = ask(now, { ...written, ...input, epoch: 1 } as CacheEntryInput);
          if (input.op === "read" && decision.fence > 0) loading = decision.fence;
          if (input.op === "commit") expect(decision.kept && input.fence !== loading).toBe(false);
          if (input.op === "set" || input.op === "delete" || decision.kept) loading = 0;
        }
      }),
      { numRuns: 500 },
    );
  });
});
