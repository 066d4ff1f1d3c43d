import { createHash } from "node:crypto";
import { Ratelimit } from "@upstash/ratelimit";
import { RateLimiterRedis } from "rate-limiter-flexible";
import { Limiter, runtime } from "../../src/index.js";
import { redisStore } from "../../src/stores/redis/index.js";
import { compete, report } from "../harness.js";
import { inFlight, redisForBench, sequential } from "../redis.js";

const redis = await redisForBench();
const { io, node } = redis;
const options = { algorithm: "gcra", limit: 50_000_000, per: "1m", burst: 50_000_000 } as const;

const over = (client: typeof io | typeof node, prefix: string, more = {}) =>
  new Limiter("bench", { ...options, ...more }, runtime({ store: redisStore(client, { prefix, deadline: "10s" }) }));
const ours = over(io, "ours");
const oursOverNode = over(node, "ours-node");
const prefetching = over(io, "ours-prefetch", {
  algorithm: "fixed-window",
  burst: undefined,
  prefetch: { tokens: 100 },
});

const theirs = new RateLimiterRedis({ storeClient: io, points: 1e9, duration: 60, keyPrefix: "theirs" });
const theirsOverNode = new RateLimiterRedis({
  storeClient: node,
  useRedisPackage: true,
  points: 1e9,
  duration: 60,
  keyPrefix: "theirs-node",
});

/** GCRA and nothing else: what a decision by script takes. */
const BARE = `
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local tat = math.max(now, tonumber(redis.call('GET', KEYS[1]) or 0)) + ARGV[1]
if tat - now > tonumber(ARGV[2]) then return { 0, tat - now } end
redis.call('SET', KEYS[1], string.format('%.0f', tat), 'PX', string.format('%.0f', (tat - now) / 1000 + 1))
return { 1, tat - now }`;
const bare = String(await io.script("LOAD", BARE));

/** Its scripts over ioredis; without the flags for Upstash's own servers, which others refuse. */
const shas = new Map<string, string>();
const adapter = {
  evalsha: (sha: string, keys: string[], args: (string | number)[]) =>
    io.evalsha(shas.get(sha) ?? sha, keys.length, ...keys, ...args),
  async eval(text: string, keys: string[], args: (string | number)[]) {
    const plain = text.replace(/^\s*#!.*\n/, "");
    shas.set(createHash("sha1").update(text).digest("hex"), String(await io.script("LOAD", plain)));
    return io.eval(plain, keys.length, ...keys, ...args);
  },
};
const upstash = new Ratelimit({
  redis: adapter as never,
  limiter: Ratelimit.tokenBucket(1_000_000, "1 m", 1_000_000_000),
  ephemeralCache: false,
  timeout: 0,
});

/** As many keys as callers, and one that all ask for. */
const spread = (i: number) => `user:${(i * 7919) % 1_000}`;

const rows = [
  await compete({
    path: "limiter on Redis, one after the other",
    ours: sequential(() => ours.check("sequential")),
    peer: sequential(() => io.evalsha(bare, 1, "bare", 60, 60_000_000)),
    peerName: "a bare GCRA script by EVALSHA, ioredis 5",
    target: 1.1,
    calls: 2_000,
  }),
  await compete({
    path: "limiter on Redis, 256 in flight, 1 key, ioredis",
    ours: inFlight(256, () => ours.check("key")),
    peer: inFlight(256, () => theirs.consume("key")),
    peerName: "rate-limiter-flexible 11",
    target: 1 / 2.5,
    calls: 20_000,
  }),
  await compete({
    path: "limiter on Redis, 256 in flight, 1000 keys, ioredis",
    ours: inFlight(256, (i) => ours.check(spread(i))),
    peer: inFlight(256, (i) => theirs.consume(spread(i))),
    peerName: "rate-limiter-flexible 11",
    target: 1 / 2.5,
    calls: 20_000,
  }),
  await compete({
    path: "limiter on Redis, 256 in flight, 1 key, node-redis",
    ours: inFlight(256, () => oursOverNode.check("key")),
    peer: inFlight(256, () => theirsOverNode.consume("key")),
    peerName: "rate-limiter-flexible 11",
    target: 1 / 1.3,
    calls: 20_000,
  }),
  await compete({
    path: "limiter on Redis, 256 in flight, 1000 keys, node-redis",
    ours: inFlight(256, (i) => oursOverNode.check(spread(i))),
    peer: inFlight(256, (i) => theirsOverNode.consume(spread(i))),
    peerName: "rate-limiter-flexible 11",
    target: 1 / 1.3,
    calls: 20_000,
  }),
  await compete({
    path: "limiter on Redis, 256 in flight, 1000 keys, ioredis",
    ours: inFlight(256, (i) => ours.check(spread(i))),
    peer: inFlight(256, (i) => upstash.limit(spread(i))),
    peerName: "@upstash/ratelimit 2, token bucket",
    target: 1 / 3,
    calls: 20_000,
  }),
  await compete({
    path: "limiter on Redis with prefetch, 256 in flight, 1 key, ioredis",
    ours: inFlight(256, () => prefetching.take("key")),
    peer: inFlight(256, () => theirs.consume("key")),
    peerName: "rate-limiter-flexible 11",
    target: 1 / 10,
    calls: 50_000,
    peerCalls: 20_000,
  }),
];
report("redis-limiter", rows);
await redis.stop();
