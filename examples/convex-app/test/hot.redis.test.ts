import { Redis } from "ioredis";
import { afterAll, describe, expect, it } from "vitest";
import { redisUrl } from "../../../test/redis/inject.js";
import { startRestGateway } from "../../../test/redis/rest-gateway.js";
import { deploy, loadFunctions } from "../serve/deployment.js";
import { startStandIns } from "../serve/stand-ins.js";
import { eventsOf, ORIGIN } from "./harness.js";

const redis = new Redis(redisUrl());
const gateway = await startRestGateway(redisUrl());
const standIns = await startStandIns("http://app.test");
const modules = await loadFunctions({
  ...standIns.env,
  UPSTASH_REDIS_REST_URL: gateway.url,
  UPSTASH_REDIS_REST_TOKEN: gateway.token,
  RATE_LIMIT_CHAT_MAX: "2",
});
afterAll(async () => {
  await Promise.all([gateway.stop(), standIns.close(), redis.quit()]);
});

describe("limits of hot paths in Redis", () => {
  it("are counted there, and not in Convex", async () => {
    const { t } = await deploy(modules);
    // (Tests share the Redis: a user of this test's own.)
    const subject = `user-${crypto.randomUUID()}`;
    const chat = () =>
      t.withIdentity({ subject }).fetch("/api/chat", {
        method: "POST",
        headers: { "content-type": "application/json", origin: ORIGIN },
        body: JSON.stringify({ message: "a keel" }),
      });
    const statuses: number[] = [];
    for (let n = 0; n < 3; n++) {
      const answer = await chat();
      statuses.push(answer.status);
      if (answer.status === 200) expect((await eventsOf(answer)).at(-1)?.event).toBe("done");
    }
    expect(statuses).toEqual([200, 200, 429]);
    const keys = await redis.keys(`*shop-assistant:limiter:chat*${subject}*`);
    expect(keys).toHaveLength(1);
    await redis.del(...keys);
  });
});
