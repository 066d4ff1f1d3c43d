import { Redis } from "ioredis";
import { createClient } from "redis";
import { redisUrl } from "../../../test/redis/inject.js";
import type { RedisClient } from "./clients.js";

/** A client that tests have opened, and how to close it. */
export interface Opened {
  readonly client: RedisClient;
  close(): void;
}

/** An ioredis client that sends nothing twice. */
export function ioRedis(url: string = redisUrl()): Opened & { readonly client: Redis } {
  const client = new Redis(url, { autoResendUnfulfilledCommands: false, retryStrategy: () => 50 });
  // Tests that break the connection look at what the store answers.
  client.on("error", () => undefined);
  return { client, close: () => client.disconnect() };
}

/** A node-redis client. */
export async function nodeRedis(url: string = redisUrl()): Promise<Opened> {
  const client = createClient({ url, socket: { reconnectStrategy: () => 50 } });
  client.on("error", () => undefined);
  await client.connect();
  return { client, close: () => client.destroy() };
}
