import { expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { uniquePrefix } from "../../../test/redis/inject.js";
import { createKit } from "../../kit/kit.js";
import { ioRedis } from "./clients.fixture.js";
import { redisStore } from "./redis-store.js";

/** A process of its own, as far as Redis can tell. */
function processOf(prefix: string) {
  const { client, close } = ioRedis();
  const kit = createKit({ service: "shop", store: redisStore(client, { prefix, deadline: "10s" }) });
  const tools = kit.queue("tools", {
    jobs: {
      double: kit.job({ input: z.object({ n: z.number() }), run: ({ n }) => n * 2 }),
      broken: kit.job({
        input: z.object({}),
        attempts: 1,
        run: () => {
          throw new Error("no such luck");
        },
      }),
    },
  });
  onTestFinished(async () => {
    await kit.close();
    close();
  });
  return { kit, tools };
}

it("runs in one process what another waits for", async () => {
  const prefix = uniquePrefix("queue");
  const [producer, worker] = [processOf(prefix), processOf(prefix)];
  worker.tools.process({ concurrency: 10 });
  const wait = { wait: "10s" } as const;
  const asked = Array.from({ length: 200 }, (_, n) => producer.tools.enqueueAndWait("double", { n }, wait));
  expect(await Promise.all(asked)).toEqual(Array.from({ length: 200 }, (_, n) => 2 * n));
  await expect(producer.tools.enqueueAndWait("broken", {}, wait)).rejects.toThrow(/no such luck|dead/);
  expect(await producer.tools.stats()).toMatchObject({
    double: { queued: 0, running: 0, ended: { succeeded: 200 } },
    broken: { queued: 0, running: 0, ended: { dead: 1 }, dead: 1 },
  });
});
