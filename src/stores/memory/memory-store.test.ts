import { describe, expect, it } from "vitest";
import { ConfigError } from "../../core/config.js";
import type { Kernel } from "../../core/kernel.js";
import { StoreFailure } from "../../core/store.js";
import { fixedWindow } from "../../kernel/limit/fixed-window.js";
import { gcra } from "../../kernel/limit/gcra.js";
import type { LimitDecision, LimitInput } from "../../kernel/limit/limit.js";
import { slidingLog } from "../../kernel/limit/sliding-log.js";
import { ManualClock } from "../../testing/manual-clock.js";
import { memoryStore } from "./memory-store.js";

const limits = { limit: 2, windowMs: 60_000, burst: 2, blockMs: 0 };
const take: LimitInput = { op: "take", amount: 1, at: -1 };

function setup(maxCells: number, kernel = gcra) {
  const clock = new ManualClock();
  const store = memoryStore({ maxCells, clock });
  const cells = store.open(kernel, "limiter:chat");
  return { clock, store, cells, allowed: (key: string) => allows(cells.step(key, limits, take)) };
}

/** Whether it was allowed; the reason of a failure in its place. */
function allows(outcome: unknown): boolean | string {
  return outcome instanceof StoreFailure ? outcome.reason : (outcome as LimitDecision).allowed;
}

describe.each([
  ["packed", gcra],
  ["plain", slidingLog],
])("a full store of %s cells", (_, kernel) => {
  it("resets nobody's limit when an attacker cycles through keys, and grows no further", () => {
    const { allowed, store } = setup(1_000, kernel);
    expect([allowed("victim"), allowed("victim"), allowed("victim")]).toEqual([true, true, false]);
    const answers = new Set<boolean | string>();
    for (let i = 0; i < 20_000; i++) answers.add(allowed(`attacker:${i}`));
    expect(answers).toEqual(new Set([true, "capacity"]));
    expect(store.stats()).toEqual({ cells: 1_000, capacity: 1_000 });
    expect([allowed("victim"), allowed("attacker:0"), allowed("attacker:0")]).toEqual([false, true, false]);
    expect(allowed("newcomer")).toBe("capacity");
  });

  it("has room again once a flood has expired, without waiting for a sweep", () => {
    const { allowed, clock, store } = setup(1_000, kernel);
    for (let i = 0; i < 2_000; i++) allowed(`flood:${i}`);
    clock.jumpWall(60_000);
    for (let i = 0; i < 1_000; i++) expect(allowed(`after:${i}`)).toBe(true);
    expect(store.stats().cells).toBe(1_000);
    expect(allowed("one more")).toBe("capacity");
  });

  it("frees the cell of a key that is reset", () => {
    const { cells, allowed } = setup(1, kernel);
    allowed("a");
    expect(allowed("b")).toBe("capacity");
    cells.step("a", limits, { op: "reset", amount: 0, at: -1 });
    cells.step("a", limits, { op: "reset", amount: 0, at: -1 });
    expect([allowed("b"), allowed("a")]).toEqual([true, "capacity"]);
  });

  it("still decides what writes nothing", () => {
    const { cells, allowed } = setup(1, kernel);
    allowed("a");
    expect(cells.step("b", limits, { op: "peek", amount: 1, at: -1 })).toMatchObject({ allowed: true, remaining: 2 });
  });

  it("shares its room among all spaces", () => {
    const { store, allowed } = setup(2, kernel);
    const other = store.open(fixedWindow, "limiter:other");
    expect([allowed("a"), allows(other.step("a", limits, take)), allowed("b")]).toEqual([true, true, "capacity"]);
  });
});

describe("sweeping", () => {
  it("takes one background alarm while there are cells, and none when there are no more", () => {
    const { clock, store, allowed } = setup(10);
    store.open(slidingLog, "limiter:log").step("a", limits, take);
    expect([clock.pending(), clock.pending("held")]).toEqual([1, 0]);
    for (const key of ["a", "b", "c"]) allowed(key);
    expect(clock.pending()).toBe(1);
    clock.tick(61_000);
    expect([store.stats().cells, clock.pending()]).toEqual([0, 0]);
    allowed("a");
    expect(clock.pending("background")).toBe(1);
  });

  it("keeps what is live, and comes to every cell of every space in time", () => {
    const { clock, store, cells } = setup(100_000);
    const other = store.open(slidingLog, "limiter:log");
    for (let i = 0; i < 25_000; i++) {
      cells.step(`${i}`, i % 5 === 0 ? { ...limits, windowMs: 600_000 } : { ...limits, windowMs: 10 }, take);
      other.step(`${i}`, i % 5 === 0 ? limits : { ...limits, windowMs: 10 }, take);
    }
    clock.tick(1_000);
    expect(store.stats().cells).toBeGreaterThan(40_000);
    clock.tick(9_000);
    expect(store.stats().cells).toBe(10_000);
    expect(cells.step("5", { ...limits, windowMs: 600_000 }, take)).toMatchObject({ remaining: 0 });
  });

  it("lets a cell that was dropped and one that took its place not be mistaken for each other", () => {
    const { clock, allowed, store } = setup(3);
    for (const key of ["a", "b", "c"]) allowed(key);
    clock.jumpWall(29_000);
    expect([allowed("a"), allowed("a")]).toEqual([true, false]);
    clock.jumpWall(2_000);
    // The cells of b and c have expired and make room for d and e.
    expect([allowed("d"), allowed("d"), allowed("d"), allowed("e")]).toEqual([true, true, false, true]);
    expect([allowed("a"), allowed("a")]).toEqual([true, false]);
    expect([allowed("b"), store.stats().cells]).toEqual(["capacity", 3]);
  });
});

describe("stepAll", () => {
  const step = (cells: ReturnType<typeof setup>["cells"], key: string, amount = 1, config = limits) =>
    cells.with(key, config, { op: "take", amount, at: -1 });
  const remaining = (cells: ReturnType<typeof setup>["cells"], key: string) =>
    (cells.step(key, limits, { op: "peek", amount: 1, at: -1 }) as LimitDecision).remaining;

  it("keeps all of what is granted, or only what the refused ones came to", () => {
    const { store, cells } = setup(10);
    expect(store.stepAll([step(cells, "a"), step(cells, "b")])).toMatchObject([{ remaining: 1 }, { remaining: 1 }]);
    const blocking = { ...limits, blockMs: 5_000 };
    const refused = store.stepAll([step(cells, "a"), step(cells, "b", 2, blocking), step(cells, "c")]);
    expect(refused).toMatchObject([{ allowed: true }, { allowed: false }, { allowed: true }]);
    expect([remaining(cells, "a"), remaining(cells, "b"), remaining(cells, "c")]).toEqual([1, 0, 2]);
    expect(cells.step("b", limits, take)).toMatchObject({ allowed: false, retryAfterMs: 5_000 });
  });

  it("decides all at one moment", () => {
    const clock = new ManualClock();
    const wall = clock.wall.bind(clock);
    // A clock that is a millisecond on at every look.
    clock.wall = () => {
      clock.jumpWall(1);
      return wall();
    };
    const store = memoryStore({ clock });
    const cells = store.open(gcra, "limiter:chat");
    const [first, second] = store.stepAll([step(cells, "a"), step(cells, "b")]) as LimitDecision[];
    expect(first?.at).toBe(second?.at);
  });

  it("writes nothing at all where there isn't room for every new cell", () => {
    const { store, cells } = setup(2);
    cells.step("a", limits, take);
    expect(store.stepAll([step(cells, "a"), step(cells, "b"), step(cells, "c")])).toEqual(
      new StoreFailure("capacity", "no"),
    );
    expect([remaining(cells, "a"), store.stats().cells]).toEqual([1, 1]);
    expect(store.stepAll([step(cells, "a"), step(cells, "b")])).toMatchObject([{ remaining: 0 }, { remaining: 1 }]);
    expect(store.stats().cells).toBe(2);
  });

  it("finds room in expired cells, its own among them", () => {
    const { store, cells, clock } = setup(3);
    for (const key of ["a", "b", "c"]) cells.step(key, limits, take);
    clock.jumpWall(60_000);
    const outcome = store.stepAll([step(cells, "b"), step(cells, "d"), step(cells, "e")]);
    expect(outcome).toMatchObject([{ remaining: 1 }, { remaining: 1 }, { remaining: 1 }]);
    expect([store.stats().cells, remaining(cells, "b"), remaining(cells, "d")]).toEqual([3, 1, 1]);
  });

  it("counts a cell that goes, and takes no room for one that is refused", () => {
    const { store, cells } = setup(1);
    cells.step("a", limits, take);
    store.stepAll([cells.with("a", limits, { op: "reset", amount: 0, at: -1 })]);
    expect(store.stats().cells).toBe(0);
    expect(store.stepAll([step(cells, "a", 3), step(cells, "b", 3)])).toMatchObject([
      { allowed: false },
      { allowed: false },
    ]);
    expect(store.stats().cells).toBe(0);
  });

  it("refuses to step a cell twice, or another store's, and does nothing then", () => {
    const { store, cells } = setup(10);
    expect(() => store.stepAll([step(cells, "a"), step(cells, "b"), step(cells, "a")])).toThrow(/"a" is named twice/);
    const theirs = setup(10);
    expect(store.together([step(cells, "a"), step(theirs.cells, "b")])).toBe(false);
    expect(() => store.stepAll([step(cells, "a"), step(theirs.cells, "b")])).toThrow(/"b" is another store's/);
    expect(store.stats().cells).toBe(0);
  });

  it("steps the same key in two spaces", () => {
    const { store, cells } = setup(10);
    const other = store.open(gcra, "limiter:other");
    const both = [step(cells, "a"), step(other, "a")];
    expect(store.together(both)).toBe(true);
    expect(store.stepAll(both)).toMatchObject([{ remaining: 1 }, { remaining: 1 }]);
  });

  it("of nothing is granted", () => {
    expect(setup(1).store.stepAll([])).toEqual([]);
  });
});

describe("a closed store", () => {
  it("has forgotten everything, holds no alarm, and keeps nothing from then on", () => {
    const { clock, store, cells, allowed } = setup(10);
    allowed("a");
    store.close();
    store.close();
    expect([clock.pending(), store.stats().cells]).toEqual([0, 0]);
    expect(allowed("a")).toBe("unavailable");
    expect(store.stepAll([cells.with("a", limits, take)])).toEqual(new StoreFailure("unavailable", "no"));
    expect(allows(store.open(gcra, "limiter:later").step("a", limits, take))).toBe("unavailable");
    expect([clock.pending(), store.stats().cells]).toEqual([0, 0]);
  });
});

describe("spaces", () => {
  interface Counted {
    readonly count: number;
  }
  const counter = (version: number, by: number, width?: number): Kernel<readonly number[], null, null, Counted> =>
    ({
      name: "count",
      version,
      ...(width !== undefined && { width }),
      upgrade: ([count]: unknown[] & [number]) => (count < 0 ? undefined : [count * 100, 0, 0, 0]),
      step: (state, _now, _config, _input) => {
        const count = (state?.[0] ?? 0) + by;
        return { granted: true, state: [count, 0, 0, 0], ttlMs: 1_000, decision: { count } };
      },
    }) as Kernel<readonly number[], null, null, Counted>;

  it("are opened once for a kernel, and for no other", () => {
    const { store, cells } = setup(10);
    expect(store.open(gcra, "limiter:chat")).toBe(cells);
    expect(() => store.open(fixedWindow, "limiter:chat")).toThrow(
      '"limiter:chat" is open for limit/gcra, not for limit/fixed-window',
    );
  });

  it("pass to the next version with what it can read; the former one then knows that it is outdated", () => {
    const store = memoryStore({ clock: new ManualClock(), maxCells: 5 });
    const first = store.open(counter(1, 1, 4), "count");
    first.step("a", null, null);
    first.step("b", null, null);
    const second = store.open(counter(2, 1), "count");
    expect(second.step("a", null, null)).toEqual({ count: 101 });
    expect(first.step("a", null, null)).toEqual(new StoreFailure("version", "no"));
    expect(store.stepAll([first.with("a", null, null)])).toEqual(new StoreFailure("version", "no"));
    expect(store.open(counter(1, 1, 4), "count").step("a", null, null)).toEqual(new StoreFailure("version", "no"));
    expect([second.step("b", null, null), store.stats().cells]).toEqual([{ count: 101 }, 2]);
  });

  it("lose what no version in between can read, what is expired and what can't be upgraded", async () => {
    const clock = new ManualClock();
    const store = memoryStore({ clock });
    store.open(counter(1, 1), "skipped").step("a", null, null);
    expect(store.open(counter(3, 1), "skipped").step("a", null, null)).toEqual({ count: 1 });
    const negative = store.open(counter(1, -1), "count");
    negative.step("a", null, null);
    expect(store.open(counter(2, 1), "count").step("a", null, null)).toEqual({ count: 1 });
    expect(store.stats().cells).toBe(2);
  });
});

it.each([0, -1, 1.5, Number.NaN, "10"])("memoryStore.maxCells can't be %j", (maxCells) => {
  expect(() => memoryStore({ maxCells: maxCells as number })).toThrow(ConfigError);
});

it("memoryStore refuses options that it doesn't know", () => {
  expect(() => memoryStore({ max: 1 } as never)).toThrow("memoryStore.max");
});
