import { describe, expect, it } from "vitest";
import { uniquePrefix } from "../../../test/redis/inject.js";
import { describeStore } from "../../testing/conformance/describe-store.js";
import { ioRedis, nodeRedis, type Opened } from "./clients.fixture.js";
import { counterTwins } from "./counter.fixture.js";
import { redisStore } from "./redis-store.js";

/** The server's time can't be moved: it is waited for. */
const advance = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

function under({ client, close }: Opened) {
  return {
    store: redisStore(client, { prefix: uniquePrefix("conformance"), deadline: "10s", twins: counterTwins }),
    advance,
    close,
  };
}

const capabilities = { bounded: false };
describeStore("redis over ioredis", () => under(ioRedis()), { describe, it, expect }, capabilities);
describeStore("redis over node-redis", async () => under(await nodeRedis()), { describe, it, expect }, capabilities);
