import { describe, expect, it } from "vitest";
import { uniquePrefix } from "../../../test/redis/inject.js";
import { describeJobStore } from "../../testing/conformance/jobs/describe-job-store.js";
import { ioRedis, nodeRedis, type Opened } from "./clients.fixture.js";
import { redisStore } from "./redis-store.js";

/** The store goes by the test's time. */
function under({ client, close }: Opened) {
  const time = { now: 1_764_000_000_000 };
  const store = redisStore(client, { prefix: uniquePrefix("jobs"), now: () => time.now, deadline: "10s" });
  return {
    jobs: store.jobs("tools"),
    advance: (ms: number) => {
      time.now += ms;
    },
    closeStore: () => store.close(),
    close,
  };
}

describeJobStore("redis over ioredis", () => under(ioRedis()), { describe, it, expect });
describeJobStore("redis over node-redis", async () => under(await nodeRedis()), { describe, it, expect });
