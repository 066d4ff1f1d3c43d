import { Redis } from "ioredis";
import { memoryStore } from "keelson";
import { redisStore } from "keelson/redis";
import type { Environment } from "./kit.js";

/** See {@link stateOf}. */
export type State = ReturnType<typeof stateOf>;

/** Where limits, records and jobs are kept: in Redis, where all processes share them, or in this process alone. */
export function stateOf({ REDIS_URL, REDIS_PREFIX = "shop" }: Environment) {
  if (REDIS_URL === undefined || REDIS_URL === "") return { store: memoryStore(), close: () => undefined };
  // What was sent once is not sent again by itself: a turn must not be counted twice.
  const client = new Redis(REDIS_URL, { autoResendUnfulfilledCommands: false });
  // The store answers for a connection that is lost, and policies decide; ioredis connects again.
  client.on("error", () => undefined);
  const store = redisStore(client, { prefix: REDIS_PREFIX });
  return {
    store,
    // Neither the kit nor the store closes what it was given.
    close: () => {
      store.close();
      client.disconnect();
    },
  };
}
