import { expect, it, onTestFinished } from "vitest";
import { redisPath, uniquePrefix } from "../../../test/redis/inject.js";
import { startServer } from "../../../test/redis/server.js";
import { createKit } from "../../kit/kit.js";
import { ioRedis } from "./clients.fixture.js";
import { redisStore } from "./redis-store.js";

/** A process of its own, as far as Redis can tell. */
function processOf(prefix: string, url?: string) {
  const { client, close } = ioRedis(url);
  const kit = createKit({ service: "shop", store: redisStore(client, { prefix, deadline: "5s" }) });
  const search = kit.cache<string>("search", { ttl: "1h", grace: "2h", tier2: { deadline: "5s", cooldown: "50ms" } });
  onTestFinished(async () => {
    await kit.close();
    close();
  });
  return { client, search, tier2: () => search.snapshot().tier2 };
}

/** Waits for what another process is told, with no time of its own: each look is a round trip. */
async function until(met: () => boolean, look: () => Promise<unknown>): Promise<void> {
  while (!met()) await look();
}

it("loads once for two processes, and drops in one what the other has changed", async () => {
  const prefix = uniquePrefix("cache");
  const [one, two] = [processOf(prefix), processOf(prefix)];
  let loads = 0;
  const load = async () => {
    loads++;
    return `value ${loads}`;
  };
  const reads = Array.from({ length: 20 }, (_, i) => (i % 2 ? one : two).search.read("k", load));
  expect(new Set(await Promise.all(reads))).toEqual(new Set(["value 1"]));
  expect(loads).toBe(1);
  await until(
    () => one.tier2()?.hearing === true && two.tier2()?.hearing === true,
    () => one.client.ping(),
  );
  expect([await one.search.read("k", load), await two.search.read("k", load)]).toEqual(["value 1", "value 1"]);
  const before = two.search.snapshot().entries;
  await one.search.set("k", "new");
  await until(
    () => two.search.snapshot().entries === 0,
    () => two.client.ping(),
  );
  expect([before, await two.search.read("k", load)]).toEqual([1, "new"]);
  await two.search.clear();
  await until(
    () => one.search.snapshot().entries === 0,
    () => one.client.ping(),
  );
  expect(await one.search.read("k", load)).toBe("value 2");
  expect(await two.search.read("k", load)).toBe("value 2");
});

it("goes on without Redis, and shares again when that is back", async () => {
  const server = await startServer({ path: redisPath() });
  onTestFinished(() => server.stop());
  const [one, two] = [processOf("cache", server.url), processOf("cache", server.url)];
  expect(await one.search.read("k", async () => "a")).toBe("a");
  await until(
    () => one.tier2()?.hearing === true,
    () => one.client.ping(),
  );
  expect(await one.search.read("k", async () => "b")).toBe("a");
  expect(await two.search.read("k", async () => "b")).toBe("a");
  await server.kill();
  expect(await one.search.read("k", async () => "b")).toBe("a");
  expect(await one.search.read("new", async () => "loaded")).toBe("loaded");
  await expect(one.search.delete("k")).rejects.toMatchObject({ code: "unavailable" });
  await server.restart();
  let shared: unknown;
  for (let n = 0; shared !== "shared"; n++) {
    await one.search.read(`again ${n}`, async () => "shared");
    shared = await two.search.get(`again ${n}`);
    // Everything may have been answered from here: the network has to have its turn.
    await new Promise(setImmediate);
  }
  expect(two.tier2()).toMatchObject({ cooling: false });
});
