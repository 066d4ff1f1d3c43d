import { BentoCache, bentostore } from "bentocache";
import { redisDriver } from "bentocache/drivers/redis";
import { Cache, runtime } from "../../src/index.js";
import { redisStore } from "../../src/stores/redis/index.js";
import { compete, report } from "../harness.js";
import { redisForBench, sequential } from "../redis.js";

/** A cache's second tier on Redis: each read finds its value there and not here. */
const redis = await redisForBench();
const value = [{ title: "a lamp", price: 12 }];
const load = async () => value;
const KEYS = 500;
const keyOf = (i: number) => `lamp ${i % KEYS}`;

const rt = runtime({ store: redisStore(redis.io, { deadline: "30s" }) });
// Room for one value, so that the next read is of another.
const ours = new Cache<typeof value>("bench", { ttl: "1h", maxEntries: 1, tier2: { deadline: "30s" } }, rt);
const local = new Cache<typeof value>("local", { ttl: "1h", tier2: true }, rt);
const single = new Cache<typeof value>("single", { ttl: "1h" });
const bento = new BentoCache({
  default: "redis",
  stores: { redis: bentostore().useL2Layer(redisDriver({ connection: { host: redis.host, port: redis.port } })) },
});
for (let i = 0; i < KEYS; i++) {
  await ours.read(keyOf(i), load);
  await redis.io.set(`raw:${keyOf(i)}`, JSON.stringify(value));
  await bento.getOrSet({ key: keyOf(i), ttl: "1h", factory: load });
}

const read = sequential((i) => ours.read(keyOf(i), load));
const rows = [
  await compete({
    path: "cache read on Redis, found in the second tier",
    ours: read,
    peer: sequential(async (i) => JSON.parse((await redis.io.get(`raw:${keyOf(i)}`)) ?? "")),
    peerName: "GET and JSON.parse",
    target: 1.3,
    calls: 500,
  }),
  await compete({
    path: "cache read on Redis, found in the second tier",
    ours: read,
    peer: sequential((i) => bento.getOrSet({ key: keyOf(i), ttl: "1h", factory: load })),
    peerName: "bentocache 1.6",
    target: 1 / 1.5,
    calls: 500,
  }),
  await compete({
    path: "cache read on Redis, found here",
    ours: async (n) => {
      for (let i = 0; i < n; i++) await local.read("lamp", load);
    },
    peer: async (n) => {
      for (let i = 0; i < n; i++) await single.read("lamp", load);
    },
    peerName: "ours without second tier",
    target: 1.05,
    calls: 100_000,
  }),
];
report("redis-cache", rows);
await bento.disconnectAll();
await rt.store?.close();
await redis.stop();
