import { RateLimiterMemory } from "rate-limiter-flexible";
import { Limiter, memoryStore, runtime } from "../../src/index.js";
import { compete, memoryInUse, report, row } from "../harness.js";

const LIMIT = 1_000_000_000;
const keys = Array.from({ length: 100_000 }, (_, i) => `user:${i}`);
/** Walks the keys out of order, as requests come. */
const at = (i: number) => keys[(i * 7919) % keys.length] as string;

const make = (name: string) =>
  new Limiter(
    name,
    { algorithm: "gcra", limit: 1_000_000, per: "1m" },
    runtime({ store: memoryStore({ maxCells: 1_000_000 }) }),
  );
const one = make("one");
const many = make("many");
const theirOne = new RateLimiterMemory({ points: LIMIT, duration: 60 });
const theirMany = new RateLimiterMemory({ points: LIMIT, duration: 60 });

const rows = [
  await compete({
    path: "limiter in memory, 1 key: take(), which answers at once",
    ours: (n) => {
      for (let i = 0; i < n; i++) one.take("key");
    },
    peer: async (n) => {
      for (let i = 0; i < n; i++) await theirOne.consume("key");
    },
    peerName: "rate-limiter-flexible 11",
    target: 0.6,
    calls: 200_000,
  }),
  await compete({
    path: "limiter in memory, 1 key: await check()",
    ours: async (n) => {
      for (let i = 0; i < n; i++) await one.check("key");
    },
    peer: async (n) => {
      for (let i = 0; i < n; i++) await theirOne.consume("key");
    },
    peerName: "rate-limiter-flexible 11",
    target: 0.6,
    calls: 200_000,
  }),
  await compete({
    path: "limiter in memory, 100k keys: take(), which answers at once",
    ours: (n) => {
      for (let i = 0; i < n; i++) many.take(at(i));
    },
    peer: async (n) => {
      for (let i = 0; i < n; i++) await theirMany.consume(at(i));
    },
    peerName: "rate-limiter-flexible 11",
    target: 0.6,
    calls: 100_000,
  }),
  await compete({
    path: "limiter in memory, 100k keys: await check()",
    ours: async (n) => {
      for (let i = 0; i < n; i++) await many.check(at(i));
    },
    peer: async (n) => {
      for (let i = 0; i < n; i++) await theirMany.consume(at(i));
    },
    peerName: "rate-limiter-flexible 11",
    target: 0.6,
    calls: 100_000,
  }),
];

const before = memoryInUse();
const held = make("held");
for (const key of keys) await held.check(key);
const oursBytes = (memoryInUse() - before) / keys.length;
const between = memoryInUse();
const theirHeld = new RateLimiterMemory({ points: LIMIT, duration: 60 });
for (const key of keys) await theirHeld.consume(key);
const theirBytes = (memoryInUse() - between) / keys.length;
const bytes = row(
  { path: "limiter, bytes a key (100k)", peerName: "rate-limiter-flexible 11", target: 120 / theirBytes },
  oursBytes,
  theirBytes,
  oursBytes / theirBytes,
  "B",
);
report("limiter", [...rows, { ...bytes, met: oursBytes <= 120 }]);
// Both hold their keys until they were measured.
if (held.snapshot() === undefined || theirHeld.points !== LIMIT) throw new Error("unreachable");
process.exit();
