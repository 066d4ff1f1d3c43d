import { describe, expect, it } from "vitest";
import { describeStore } from "../../testing/conformance/describe-store.js";
import { describeJobStore } from "../../testing/conformance/jobs/describe-job-store.js";
import { ManualClock } from "../../testing/manual-clock.js";
import { drivers } from "./drivers.fixture.js";
import { sqliteStore } from "./sqlite-store.js";

for (const [name, open] of drivers) {
  const setup = (maxCells = 10_000) => {
    const clock = new ManualClock();
    const db = open(":memory:");
    const store = sqliteStore(db, { clock, maxCells });
    return { store, advance: (ms: number) => clock.advance(ms), close: () => void db.close() };
  };
  describeStore(`sqlite over ${name}`, ({ maxCells }) => setup(maxCells), { describe, it, expect });
  describeJobStore(
    `sqlite over ${name}`,
    () => {
      const { store, ...rest } = setup();
      return { ...rest, jobs: store.jobs("tools"), closeStore: () => store.close() };
    },
    { describe, it, expect },
  );
}
