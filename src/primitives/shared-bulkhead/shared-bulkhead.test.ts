import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Events } from "../../core/events.js";
import { runtime } from "../../core/runtime.js";
import { seeded } from "../../core/seeded.js";
import { type Store, StoreFailure } from "../../core/store.js";
import { memoryStore } from "../../stores/memory/memory-store.js";
import { ManualClock } from "../../testing/manual-clock.js";
import type { Slot } from "./lease.js";
import type { SharedBulkheadOptions } from "./options.js";
import { SharedBulkhead } from "./shared-bulkhead.js";

const down = new StoreFailure("unavailable", "no");

/** What a process can reach of a store: nothing while its network is down, or no answers. */
function through(inner: Store, network: { state: "up" | "down" | "deaf"; late: boolean }): Store {
  return Object.assign(Object.create(inner), {
    open: (kernel: never, space: string) => {
      const cells = inner.open(kernel, space);
      return {
        step: (key: string, config: never, input: never) => {
          if (network.state === "down") return down;
          const answer = cells.step(key, config, input);
          if (network.state === "deaf") return new Promise(() => undefined);
          return network.late ? Promise.resolve(answer) : answer;
        },
      };
    },
  });
}

function fleet(options: Partial<SharedBulkheadOptions<never>> = {}, late = false) {
  const clock = new ManualClock();
  const store = memoryStore({ clock });
  const random = seeded(3);
  const processOf = () => {
    const network: { state: "up" | "down" | "deaf"; late: boolean } = { state: "up", late };
    const events = new Events();
    const told: string[] = [];
    events.onAny((type) => told.push(type));
    const all = { maxConcurrent: 2, maxQueue: 10, lease: "3s", ...options };
    const rt = runtime({ clock, events, random, store: through(store, network) });
    const bulkhead = new SharedBulkhead("gpu", all as SharedBulkheadOptions<never>, rt);
    return { network, told, bulkhead };
  };
  return { clock, processOf };
}

/** A call that ends when it is told to. */
function call(bulkhead: SharedBulkhead, request?: Parameters<SharedBulkhead["run"]>[1]) {
  const made: { slot?: Slot; over: boolean; error?: unknown; end: () => void } = { over: false, end: () => undefined };
  bulkhead
    .run(
      (slot) =>
        new Promise<void>((resolve) => {
          made.slot = slot;
          made.end = resolve;
        }),
      request,
    )
    .then(
      () => Object.assign(made, { over: true }),
      (error: unknown) => Object.assign(made, { over: true, error }),
    );
  return made;
}

describe.each([
  ["at once", false],
  ["as promises", true],
])("a shared bulkhead whose store answers %s", (_, late) => {
  it("lets run so many in all processes, in their order, with fences that grow", async () => {
    const { clock, processOf } = fleet({}, late);
    const [one, two] = [processOf().bulkhead, processOf().bulkhead];
    const calls = [call(one), call(two), call(one), call(one), call(two)];
    await clock.advance(0);
    expect(calls.map(({ slot }) => slot !== undefined)).toEqual([true, true, false, false, false]);
    calls[0]?.end();
    await clock.advance(0);
    expect(calls.filter(({ slot }) => slot !== undefined)).toHaveLength(3);
    for (let round = 0; round < 5; round++) {
      for (const { end } of calls) end();
      await clock.advance(1_500);
    }
    expect(calls.map(({ over, error }) => [over, error])).toEqual(Array(5).fill([true, undefined]));
    const fences = calls.map(({ slot }) => slot?.fence ?? 0);
    expect([(fences[2] ?? 0) < (fences[3] ?? 0), new Set(fences).size]).toEqual([true, 5]);
    expect(one.snapshot()).toMatchObject({ limit: 2, running: 0, queued: 0, rejected: 0, lost: 0 });
  });

  it("keeps the slots of long calls, and gives those of a silent process to others", async () => {
    const { clock, processOf } = fleet({ maxConcurrent: 1 }, late);
    const [one, two] = [processOf(), processOf()];
    const first = call(one.bulkhead);
    const second = call(two.bulkhead);
    await clock.advance(20_000);
    expect([first.slot?.signal.aborted, second.slot]).toEqual([false, undefined]);
    one.network.state = "down";
    await clock.advance(3_000);
    expect(first.slot?.signal.reason).toMatchObject({ code: "aborted" });
    expect(one.told).toContain("bulkhead.lost");
    await clock.advance(1_500);
    expect(second.slot?.fence).toBeGreaterThan(first.slot?.fence ?? Number.POSITIVE_INFINITY);
    first.end();
    second.end();
    await clock.advance(0);
    expect(one.bulkhead.snapshot()).toMatchObject({ running: 0, lost: 1 });
  });

  it("turns away who finds no place to wait, waits too long, or leaves", async () => {
    const { clock, processOf } = fleet({ maxConcurrent: 1, maxQueue: 2, queueTimeout: "2s" }, late);
    const { bulkhead } = processOf();
    const first = call(bulkhead);
    await clock.advance(0);
    const controller = new AbortController();
    const leaves = call(bulkhead, { signal: controller.signal });
    const waits = call(bulkhead);
    await clock.advance(0);
    const full = call(bulkhead);
    await clock.advance(0);
    expect(full.error).toMatchObject({ code: "upstream_bulkhead_full" });
    controller.abort(new Error("left"));
    await clock.advance(0);
    expect(leaves.error).toMatchObject({ message: "left" });
    await clock.advance(2_000);
    expect(waits.error).toMatchObject({ code: "upstream_bulkhead_full" });
    first.end();
    await clock.advance(0);
    expect(bulkhead.snapshot()).toMatchObject({ rejected: 2, queued: 0, running: 0 });
    await expect(bulkhead.run(() => 1, { signal: controller.signal })).rejects.toThrow("left");
    expect(await bulkhead.run(({ fence }) => fence > 0)).toBe(true);
    await expect(bulkhead.run(() => Promise.reject(new Error("mine")))).rejects.toThrow("mine");
    await clock.advance(10_000);
    expect(clock.pending()).toBe(0);
  });

  it("counts each key for itself", async () => {
    const { clock, processOf } = fleet({ maxConcurrent: 1, maxQueue: 0 }, late);
    const { bulkhead } = processOf();
    const calls = ["a", "b", "a"].map((key) => call(bulkhead, { key }));
    await clock.advance(0);
    expect(calls.map(({ slot }) => slot !== undefined)).toEqual([true, true, false]);
    expect(calls[2]?.error).toMatchObject({ code: "upstream_bulkhead_full" });
  });
});

describe("a shared bulkhead without its store", () => {
  it.each([
    ["closed", 0],
    ["open", 3],
    ["local", 1],
  ] as const)("%s: lets run %s", async (onStoreFailure, most) => {
    const { clock, processOf } = fleet({ onStoreFailure, maxConcurrent: 2, maxQueue: 0 });
    const { bulkhead, network, told } = processOf();
    network.state = "down";
    const calls = [call(bulkhead), call(bulkhead), call(bulkhead)];
    await clock.advance(0);
    expect(calls.filter(({ slot }) => slot?.fence === 0)).toHaveLength(most);
    const code = onStoreFailure === "closed" ? "unavailable" : "upstream_bulkhead_full";
    for (const { error } of calls.slice(most)) expect(error).toMatchObject({ code });
    for (const { end } of calls) end();
    await clock.advance(0);
    expect([bulkhead.snapshot().degraded, told.includes("bulkhead.store_failed")]).toEqual([0, true]);
  });

  it("finds the lease again whose answer was lost, and does without where that is lost, too", async () => {
    const { clock, processOf } = fleet({ maxConcurrent: 1, deadline: "100ms" });
    const { bulkhead, network } = processOf();
    network.state = "deaf";
    const found = call(bulkhead);
    await clock.advance(50);
    network.state = "up";
    await clock.advance(50);
    // There is one slot: it could not be had twice.
    expect(found.slot?.fence).toBeGreaterThan(0);
    found.end();
    await clock.advance(0);
    network.state = "deaf";
    const without = call(bulkhead);
    await clock.advance(200);
    expect(without.slot?.fence).toBe(0);
    without.end();
    network.state = "up";
    // The lease that nobody heard of runs out.
    await clock.advance(3_000);
    expect(await bulkhead.run(({ fence }) => fence > 0)).toBe(true);
  });

  it("needs a store, and options that are right", async () => {
    await expect(new SharedBulkhead("gpu", { maxConcurrent: 1 }).run(() => 1)).rejects.toThrow(/no store/);
    for (const [options, name] of [
      [{ maxConcurrent: 0 }, "maxConcurrent"],
      [{ lease: "1ms" }, "lease"],
      [{ maxQueue: -1 }, "maxQueue"],
      [{ queueTimeout: 0 }, "queueTimeout"],
      [{ onStoreFailure: "shut" }, "onStoreFailure"],
      [{ localMax: 0.5 }, "localMax"],
      [{ deadline: 0 }, "deadline"],
      [{ leese: 1 }, "leese"],
    ] as const)
      expect(() => new SharedBulkhead("gpu", Object.assign({ maxConcurrent: 1 }, options) as never)).toThrow(
        new RegExp(`sharedBulkhead\\("gpu"\\)\\.${name}`),
      );
  });
});

it("never has more calls that believe in their slots than there are, whatever becomes of the network", async () => {
  const step = fc.record({
    what: fc.constantFrom("call", "call", "call", "end", "cut", "deafen", "heal", "wait", "wait"),
    who: fc.nat(3),
    ms: fc.integer({ min: 1, max: 4_000 }),
  });
  const property = fc.asyncProperty(
    fc.array(step, { minLength: 10, maxLength: 60 }),
    fc.boolean(),
    async (steps, late) => {
      const { clock, processOf } = fleet({ maxConcurrent: 3, onStoreFailure: "closed", maxQueue: 20 }, late);
      const processes = [processOf(), processOf(), processOf(), processOf()];
      const calls: ReturnType<typeof call>[] = [];
      const check = () => {
        const believing = calls.filter(({ slot, over }) => slot !== undefined && !over && !slot.signal.aborted);
        expect(believing.length).toBeLessThanOrEqual(3);
      };
      for (const { what, who, ms } of steps) {
        const one = processes[who] as (typeof processes)[0];
        if (what === "call") calls.push(call(one.bulkhead));
        else if (what === "end") calls[ms % Math.max(1, calls.length)]?.end();
        else if (what === "wait") for (let at = 0; at < ms; at += 250) await clock.advance(250).then(check);
        else one.network.state = what === "cut" ? "down" : what === "deafen" ? "deaf" : "up";
        await clock.advance(0);
        check();
      }
      for (const { network } of processes) network.state = "up";
      for (let round = 0; round < 100; round++) {
        for (const { end } of calls) end();
        await clock.advance(500);
      }
      expect(calls.filter(({ over }) => !over)).toEqual([]);
      await clock.advance(10_000);
      expect(clock.pending()).toBe(0);
    },
  );
  await fc.assert(property, { numRuns: 60 });
});
