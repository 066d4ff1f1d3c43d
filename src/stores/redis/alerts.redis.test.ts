import { afterAll, describe, expect, it } from "vitest";
import { uniquePrefix } from "../../../test/redis/inject.js";
import { chatProcess } from "../../kit/alerts.fixture.js";
import { ManualClock } from "../../testing/manual-clock.js";
import { ioRedis } from "./clients.fixture.js";
import { redisStore } from "./redis-store.js";

const MINUTE = 60_000;
const { client, close } = ioRedis();
afterAll(close);

/** Processes in virtual time; the server's own time goes on by itself, and only says what may go. */
function fleet(prefix: string, clock: ManualClock, seeds: readonly number[]) {
  const store = redisStore(client, { prefix, now: () => clock.wall(), deadline: "10s" });
  return seeds.map((seed) => chatProcess(clock, seed, { store }));
}

/** A minute of virtual time, in which the server has time to answer before anybody has waited for too long. */
async function minute(clock: ManualClock): Promise<void> {
  for (let second = 0; second < 60; second++) {
    await clock.advance(1_000);
    await client.ping();
  }
}

describe("objectives of processes that share a Redis", () => {
  it("page once where no process alone has calls enough, and are over once", async () => {
    const clock = new ManualClock();
    const processes = fleet(uniquePrefix("alerts"), clock, [1, 2, 3]);
    const pages = () =>
      processes.flatMap(({ told }) => told.filter(({ event }) => event.longSec === 3600).map(({ type }) => type));
    for (let round = 0; round < 3; round++) {
      for (const each of processes) await each.serve(10, false);
      await minute(clock);
    }
    await minute(clock);
    expect(pages()).toEqual(["alert.firing"]);
    for (const each of processes) {
      const objective = await each.objective();
      expect(objective).toMatchObject({ view: "service", storeFailure: null });
      expect(objective?.alerts[0]?.state).toBe("firing");
      expect(objective?.burnRates.find(({ sec }) => sec === 3600)).toMatchObject({ valid: 90, bad: 90 });
    }
    for (let round = 0; round < 20; round++) {
      for (const each of processes) await each.serve(10, true);
      await minute(clock);
    }
    expect(pages()).toEqual(["alert.firing", "alert.resolved"]);
    await Promise.all(processes.map(({ kit }) => kit.close()));
  });

  it("keep their budget through a restart", async () => {
    const clock = new ManualClock();
    const prefix = uniquePrefix("alerts");
    const [before] = fleet(prefix, clock, [1]);
    await before?.serve(200, true);
    await before?.serve(1, false);
    await before?.kit.close();
    clock.tick(2 * 24 * 60 * MINUTE);
    const [after] = fleet(prefix, clock, [2]);
    expect((await after?.objective())?.budgetLeft).toBeCloseTo(1 - 1 / 201 / 0.01, 9);
    await after?.kit.close();
  });
});
