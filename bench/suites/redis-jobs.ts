import { randomUUID } from "node:crypto";
import { Queue } from "bullmq";
import type { NewJob } from "../../src/core/jobs.js";
import { redisStore } from "../../src/stores/redis/index.js";
import { compete, report } from "../harness.js";
import { inFlight, redisForBench, sequential } from "../redis.js";

/** Taking jobs in: the store's own operations, beside those that BullMQ does for the same. */
const redis = await redisForBench();
const jobs = redisStore(redis.io, { prefix: "ours", deadline: "10s" }).jobs("bench");
const theirs = new Queue("bench", { connection: { host: redis.host, port: redis.port } });

const job = (i: number): NewJob => ({
  id: randomUUID(),
  tool: "work",
  payload: JSON.stringify({ i }),
  delayMs: 0,
  deadlineMs: 0,
  attempts: 3,
  maxQueued: 0,
  dedupe: "",
});

const rows = [
  await compete({
    path: "taking jobs in on Redis, one after the other",
    ours: sequential((i) => Promise.resolve(jobs.enqueue([job(i)]))),
    peer: sequential((i) => theirs.add("work", { i })),
    peerName: "BullMQ 5",
    target: 1 / 1.2,
    calls: 500,
  }),
  await compete({
    path: "taking jobs in on Redis, 1000 at once",
    ours: inFlight(1_000, (i) => jobs.enqueue([job(i)])),
    peer: inFlight(1_000, (i) => theirs.add("work", { i })),
    peerName: "BullMQ 5",
    target: 1 / 1.5,
    calls: 1_000,
  }),
];
report("redis-jobs", rows);
await theirs.close();
await redis.stop();
