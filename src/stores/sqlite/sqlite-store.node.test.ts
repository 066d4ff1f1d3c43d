import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { ConfigError } from "../../core/config.js";
import type { Kernel } from "../../core/kernel.js";
import { StoreFailure } from "../../core/store.js";
import { gcra } from "../../kernel/limit/gcra.js";
import { ManualClock } from "../../testing/manual-clock.js";
import { drivers } from "./drivers.fixture.js";
import { sqliteStore } from "./sqlite-store.js";

const limits = { limit: 2, windowMs: 60_000, burst: 2, blockMs: 0 };
const take = { op: "take", amount: 1, at: -1 } as const;

describe.each(drivers)("a SQLite database over %s", (_, open) => {
  function file() {
    const folder = mkdtempSync(join(tmpdir(), "keelson-sqlite-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    return join(folder, "state.db");
  }

  function opened(path: string) {
    const db = open(path);
    onTestFinished(() => void db.close());
    return db;
  }

  it("keeps state from one connection to the next, bit for bit", () => {
    const path = file();
    const clock = new ManualClock();
    const odd: Kernel<unknown, undefined, unknown, { readonly was: unknown }> = {
      name: "odd",
      version: 1,
      step: (state, _now, _config, next) => ({ granted: true, decision: { was: state }, state: next, ttlMs: 1_000 }),
    };
    const numbers: typeof odd = { ...odd, name: "numbers", width: 4 };
    const first = sqliteStore(opened(path), { clock });
    const value = { text: 'a\u0000b\\0 "ü" 😀', list: [1.5, null, true] };
    first.open(odd, "a").step("k\u0000\\", undefined, value);
    first.open(numbers, "b").step("k", undefined, [0.1 + 0.2, -0, Number.POSITIVE_INFINITY, 2 ** 53 - 1]);
    const second = sqliteStore(opened(path), { clock });
    expect(second.open(odd, "a").step("k\u0000\\", undefined, null)).toEqual({ was: value });
    const { was } = second.open(numbers, "b").step("k", undefined, null) as { was: readonly number[] };
    expect(was.map((one) => (Object.is(one, -0) ? "-0" : one))).toEqual([
      0.1 + 0.2,
      "-0",
      Number.POSITIVE_INFINITY,
      2 ** 53 - 1,
    ]);
    expect(second.stats()).toEqual({ cells: 0, capacity: 1_000_000 });
  });

  it("is a part of the caller's own transaction, and is undone with it", () => {
    const db = opened(":memory:");
    const store = sqliteStore(db);
    const cells = store.open(gcra, "limiter:a");
    db.exec("CREATE TABLE orders (id INTEGER)");
    db.exec("BEGIN");
    db.exec("INSERT INTO orders VALUES (1)");
    expect(cells.step("k", limits, take)).toMatchObject({ allowed: true, remaining: 1 });
    expect(store.jobs("tools").pause("a", true)).toEqual({ paused: true });
    db.exec("ROLLBACK");
    expect(cells.step("k", limits, take)).toMatchObject({ allowed: true, remaining: 1 });
    expect(store.jobs("tools").stats()).toEqual({ tools: {} });
  });

  it("answers with contention while another process writes, and goes on when that is over", () => {
    const path = file();
    const store = sqliteStore(opened(path), { busyTimeout: 0 });
    const cells = store.open(gcra, "limiter:a");
    const other = opened(path);
    other.exec("BEGIN IMMEDIATE");
    expect(cells.step("k", limits, take)).toMatchObject({ reason: "contention", applied: "no" });
    expect(store.jobs("tools").claim({} as never)).toMatchObject({ reason: "contention" });
    other.exec("COMMIT");
    expect(cells.step("k", limits, take)).toMatchObject({ allowed: true });
  });

  it("answers with a failure where the database is gone, or its tables are", () => {
    const path = file();
    const db = open(path);
    const store = sqliteStore(db);
    const cells = store.open(gcra, "limiter:a");
    const other = opened(path);
    other.exec("DROP TABLE keelson_cells");
    expect(cells.step("k", limits, take)).toMatchObject({ reason: "unavailable", applied: "no" });
    db.close();
    expect(cells.step("k", limits, take)).toMatchObject({ reason: "unavailable" });
    expect(store.jobs("tools").stats()).toMatchObject({ reason: "unavailable" });
    store.close();
    expect(cells.step("k", limits, take)).toEqual(new StoreFailure("unavailable", "no"));
    expect(store.stats().cells).toBeNull();
  });

  it("holds several stores by their prefix, and refuses tables of a newer version", () => {
    const db = opened(":memory:");
    const [one, other] = [sqliteStore(db, { prefix: "one_" }), sqliteStore(db, { prefix: "other_" })];
    one.open(gcra, "a").step("k", limits, take);
    expect([one.stats().cells, other.stats().cells]).toEqual([1, 0]);
    db.exec("UPDATE one_meta SET value = 2 WHERE name = 'version'");
    expect(() => sqliteStore(db, { prefix: "one_" })).toThrow(/tables of version 2.*tables of version 1/);
  });

  it("reads what the version before wrote, and says so where a newer one has written", () => {
    const db = opened(":memory:");
    const store = sqliteStore(db);
    type Counter = Kernel<{ readonly n: number }, undefined, undefined, { readonly n: number }>;
    const counter = (version: number): Counter => ({
      name: "counter",
      version,
      upgrade: (older) => ({ n: (older as { n: number }).n + 100 }),
      step: (state) => {
        const n = (state?.n ?? 0) + 1;
        return { granted: true, decision: { n }, state: { n }, ttlMs: 60_000 };
      },
    });
    const step = (version: number) => store.open(counter(version), "c").step("k", undefined, undefined);
    expect([step(1), step(2), step(2)]).toEqual([{ n: 1 }, { n: 102 }, { n: 103 }]);
    expect(step(1)).toEqual(new StoreFailure("version", "no"));
    expect(step(4)).toEqual({ n: 1 });
  });

  it("refuses what is wrong when it is given", () => {
    const db = opened(":memory:");
    for (const [options, name] of [
      [{ prefix: "x; DROP TABLE y" }, "prefix"],
      [{ maxCells: 0 }, "maxCells"],
      [{ busyTimeout: "long" }, "busyTimeout"],
      [{ synchronous: "off" }, "synchronous"],
      [{ sync: "off" }, "sync"],
    ] as const)
      expect(() => sqliteStore(db, options as never)).toThrow(new RegExp(`sqliteStore\\.${name}`));
    expect(() => sqliteStore({} as never)).toThrow(ConfigError);
    const store = sqliteStore(db);
    const step = store.open(gcra, "a").with("k", limits, take);
    expect(() => store.stepAll([step, step])).toThrow(/named twice/);
    expect(() => store.stepAll([sqliteStore(db).open(gcra, "a").with("k", limits, take)])).toThrow(/another store/);
    expect(() => store.open({ ...gcra, name: "other" }, "a")).toThrow(/open for/);
  });
});
