import { Redis, type RedisOptions } from "ioredis";
import { createClient, type RedisClientOptions } from "redis";
import { redisUrl } from "../../../test/redis/inject.js";
import type { RedisClient } from "./clients.js";

/** A client that tests have opened, and how to close it. */
export interface Opened {
  readonly client: RedisClient;
  close(): void;
}

/** An ioredis client that sends nothing twice. It connects again after 50 ms. */
export function ioRedis(url: string = redisUrl(), more: RedisOptions = {}): Opened & { readonly client: Redis } {
  const client = new Redis(url, { autoResendUnfulfilledCommands: false, retryStrategy: () => 50, ...more });
  // Tests that break the connection look at what the store answers.
  client.on("error", () => undefined);
  return { client, close: () => client.disconnect() };
}

/** A node-redis client. It connects again after 50 ms. */
export async function nodeRedis(
  url: string = redisUrl(),
  socket: NonNullable<RedisClientOptions["socket"]> = { reconnectStrategy: () => 50 },
): Promise<Opened> {
  const client = createClient({ url, socket });
  client.on("error", () => undefined);
  await client.connect();
  return { client, close: () => client.destroy() };
}
