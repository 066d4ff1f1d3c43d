import { afterAll, expect, it } from "vitest";
import { uniquePrefix } from "../../../test/redis/inject.js";
import { createKit } from "../../kit/kit.js";
import { ioRedis } from "./clients.fixture.js";
import { redisStore } from "./redis-store.js";

const { client, close } = ioRedis();
afterAll(close);

/** A process of the service, which never looks by itself but when it is told. */
function process(prefix: string) {
  const kit = createKit({
    service: "shop",
    store: redisStore(client, { prefix, deadline: "10s" }),
    levers: { every: "1h" },
  });
  const serper = kit.upstream("serper", { breaker: {} });
  const chat = kit.limiter("chat", { algorithm: "gcra", limit: 5, per: "1m" });
  const became = (state: string) =>
    new Promise<void>((resolve) => {
      kit.events.on("breaker.transition", ({ to }) => to === state && resolve());
    });
  return { kit, serper, chat, became };
}

it("levers of two processes that share a Redis act in both, and are lost by neither", async () => {
  const prefix = uniquePrefix("levers");
  const [one, two] = [process(prefix), process(prefix)];
  // It hears from here on.
  await Promise.all([one.kit.levers.look(), two.kit.levers.look()]);
  const isolated = two.became("isolated");
  const entry = await one.kit.levers.pull({
    lever: "breaker.isolate",
    target: "serper",
    by: "ann",
    reason: "it fails",
  });
  await two.kit.levers.look();
  await isolated;
  expect(two.serper.state()).toBe("isolated");
  const blocks = [one, two, one, two].map(({ kit }, i) =>
    kit.levers.pull({
      lever: "limiter.block",
      target: "chat",
      args: { key: `u${i}` },
      by: `op${i}`,
      reason: "a flood",
    }),
  );
  await Promise.all(blocks);
  expect(await two.chat.peek("u0")).toMatchObject({ allowed: false });
  expect(await one.kit.levers.active()).toHaveLength(5);
  const closed = one.became("closed");
  await two.kit.levers.release(entry.id, { by: "bob", reason: "it is well" });
  await one.kit.levers.look();
  await closed;
  expect((await one.kit.levers.audit()).map(({ action }) => action).sort()).toEqual([
    ...Array.from({ length: 5 }, () => "pulled"),
    "released",
  ]);
  // A process that starts later.
  const late = process(prefix);
  expect((await late.kit.levers.active()).map(({ by }) => by).sort()).toEqual(["op0", "op1", "op2", "op3"]);
  await Promise.all([one, two, late].map(({ kit }) => kit.close()));
});
