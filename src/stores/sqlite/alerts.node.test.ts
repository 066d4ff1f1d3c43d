import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { chatProcess } from "../../kit/alerts.fixture.js";
import { ManualClock } from "../../testing/manual-clock.js";
import { drivers } from "./drivers.fixture.js";
import { sqliteStore } from "./sqlite-store.js";

it.each(drivers)("a budget and what fires survive a restart in a file of %s", async (_, open) => {
  const folder = mkdtempSync(join(tmpdir(), "keelson-sqlite-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const clock = new ManualClock();
  const started = (seed: number) => {
    const db = open(join(folder, "state.db"));
    return { db, ...chatProcess(clock, seed, { store: sqliteStore(db, { clock }) }) };
  };
  const before = started(1);
  await before.serve(100, false);
  await clock.advance(2 * 60_000);
  expect(before.told.map(({ type }) => type)).toContain("alert.firing");
  await before.kit.close();
  before.db.close();
  const after = started(2);
  const objective = await after.objective();
  expect(objective).toMatchObject({ view: "service", budgetLeft: -99, storeFailure: null });
  expect(objective?.alerts[0]?.state).toBe("firing");
  expect(after.told).toEqual([]);
  await after.kit.close();
  after.db.close();
});
