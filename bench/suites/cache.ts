import { BentoCache, bentostore } from "bentocache";
import { memoryDriver } from "bentocache/drivers/memory";
import { Cacheable } from "cacheable";
import { Cache } from "../../src/index.js";
import { compete, report, row } from "../harness.js";

const value = [{ title: "a lamp", price: 12 }];
const load = async () => value;
const query = { q: "lamp", page: 1, lang: "en" };

const ours = new Cache<typeof value>("bench", { ttl: "5m" });
const bento = new BentoCache({
  default: "memory",
  stores: { memory: bentostore().useL1Layer(memoryDriver({ maxItems: 10_000, serialize: false })) },
});
const cacheable = new Cacheable({ ttl: "5m" });

const string = async (n: number) => {
  for (let i = 0; i < n; i++) await ours.read("lamp", load);
};
const object = async (n: number) => {
  for (let i = 0; i < n; i++) await ours.read(query, load);
};

const rows = [
  await compete({
    path: "cache read hit, string key",
    ours: string,
    peer: async (n) => {
      for (let i = 0; i < n; i++) await bento.getOrSet({ key: "lamp", ttl: "5m", factory: load });
    },
    peerName: "bentocache 1.6, serialize: false",
    target: 1 / 10,
    calls: 100_000,
    peerCalls: 20_000,
  }),
  await compete({
    path: "cache read hit, string key",
    ours: string,
    peer: async (n) => {
      for (let i = 0; i < n; i++) await cacheable.getOrSet("lamp", load, { ttl: "5m" });
    },
    peerName: "cacheable 2",
    target: 1 / 10,
    calls: 100_000,
    peerCalls: 20_000,
  }),
  await compete({
    path: "cache read hit, object key",
    ours: object,
    peer: async (n) => {
      for (let i = 0; i < n; i++) await bento.getOrSet({ key: JSON.stringify(query), ttl: "5m", factory: load });
    },
    peerName: "bentocache 1.6, serialize: false",
    target: 1 / 4,
    calls: 100_000,
    peerCalls: 20_000,
  }),
  await compete({
    path: "cache read hit, object key",
    ours: object,
    peer: async (n) => {
      for (let i = 0; i < n; i++) await cacheable.getOrSet(JSON.stringify(query), load, { ttl: "5m" });
    },
    peerName: "cacheable 2",
    target: 1 / 4,
    calls: 100_000,
    peerCalls: 20_000,
  }),
];

let loads = 0;
await Promise.all(
  Array.from({ length: 1000 }, () =>
    ours.read("single flight", async () => {
      loads++;
      return value;
    }),
  ),
);
let bentoLoads = 0;
await Promise.all(
  Array.from({ length: 1000 }, () =>
    bento.getOrSet({
      key: "single flight",
      ttl: "5m",
      factory: async () => {
        bentoLoads++;
        return value;
      },
    }),
  ),
);
const flight = row(
  { path: "loader calls for 1000 concurrent misses", peerName: "bentocache 1.6", target: 1 },
  loads,
  bentoLoads,
  loads / bentoLoads,
  "calls",
);
report("cache", [...rows, { ...flight, met: loads === 1 }]);
process.exit();
