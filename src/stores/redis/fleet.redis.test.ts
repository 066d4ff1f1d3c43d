import { expect, it, onTestFinished } from "vitest";
import { uniquePrefix } from "../../../test/redis/inject.js";
import { createKit } from "../../kit/kit.js";
import { ioRedis } from "./clients.fixture.js";
import { redisStore } from "./redis-store.js";

/** A process of its own, as far as Redis can tell. */
function processOf(prefix: string) {
  const { client, close } = ioRedis();
  const kit = createKit({ service: "shop", store: redisStore(client, { prefix, deadline: "5s" }) });
  onTestFinished(async () => {
    await kit.close();
    close();
  });
  return { client, kit };
}

it("lets run so many at a time in two processes, each in a slot of its own", async () => {
  const prefix = uniquePrefix("slots");
  const options = { maxConcurrent: 3, maxQueue: 100, deadline: "2s", onStoreFailure: "closed" } as const;
  const fleet = [processOf(prefix), processOf(prefix)].map(({ kit }) => kit.sharedBulkhead("gpu", options));
  let running = 0;
  let most = 0;
  const fences = new Set<number>();
  const calls = Array.from({ length: 60 }, (_, i) =>
    fleet[i % 2]?.run(async ({ fence }) => {
      most = Math.max(most, ++running);
      fences.add(fence);
      // Long enough for others to ask meanwhile: a turn of the event loop for each of their round trips.
      for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
      running--;
    }),
  );
  await Promise.all(calls);
  expect([most, fences.size]).toEqual([3, 60]);
  expect(fleet[0]?.snapshot()).toMatchObject({ running: 0, queued: 0, lost: 0, storeFailures: 0 });
});

it("opens in a third process what two have found failing, and closes in all what one finds well", async () => {
  const prefix = uniquePrefix("breaker");
  const options = {
    minimumCalls: 2,
    openFor: "100ms",
    jitter: 0,
    halfOpen: { calls: 1 },
    shared: { poll: "50ms" },
  } as const;
  const fleet = [processOf(prefix), processOf(prefix), processOf(prefix)].map(({ kit, client }) => ({
    client,
    breaker: kit.breaker("serper", options),
  }));
  const [one, two, three] = fleet;
  if (one === undefined || two === undefined || three === undefined) throw new Error("three were made");
  const call = ({ breaker }: typeof one, well: boolean) =>
    breaker
      .run(() => (well ? 1 : Promise.reject(new Error("down"))))
      .then(
        () => true,
        () => false,
      );
  const until = async (met: () => boolean, well: boolean) => {
    while (!met()) {
      await Promise.all(fleet.map((each) => call(each, well)));
      await one.client.ping();
    }
  };
  await call(three, true);
  for (let i = 0; i < 2; i++) await Promise.all([call(one, false), call(two, false)]);
  while (three.breaker.state === "closed") {
    await call(three, true);
    await three.client.ping();
  }
  expect([one.breaker.state, two.breaker.state, three.breaker.state]).not.toContain("closed");
  await until(() => fleet.every(({ breaker }) => breaker.state === "closed"), true);
  expect(await Promise.all(fleet.map((each) => call(each, true)))).toEqual([true, true, true]);
});
