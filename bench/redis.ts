import { Redis } from "ioredis";
import { createClient } from "redis";
import { provide, redisServer } from "../test/setup/provide.js";
import { startRedis } from "../test/setup/redis.js";

/** A redis-server for one suite, and clients of both libraries. */
export async function redisForBench() {
  const server = await startRedis(provide(redisServer));
  const url = `redis://${server.host}:${server.port}`;
  const io = new Redis(url, { autoResendUnfulfilledCommands: false });
  const node = createClient({ url });
  await node.connect();
  return {
    url,
    host: server.host,
    port: server.port,
    io,
    node,
    async stop() {
      io.disconnect();
      node.destroy();
      await server.stop();
    },
  };
}

/** Calls one after the other. */
export const sequential = (call: (i: number) => Promise<unknown>) => async (n: number) => {
  for (let i = 0; i < n; i++) await call(i);
};

/** So many calls under way at any time. */
export const inFlight = (width: number, call: (i: number) => unknown) => async (n: number) => {
  let next = 0;
  const caller = async () => {
    while (next < n) await call(next++);
  };
  await Promise.all(Array.from({ length: width }, caller));
};
