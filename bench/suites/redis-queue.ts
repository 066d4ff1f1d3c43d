import { Queue, QueueEvents, Worker } from "bullmq";
import { z } from "zod";
import { createKit } from "../../src/index.js";
import { redisStore } from "../../src/stores/redis/index.js";
import { compete, median, type Row, report, row } from "../harness.js";
import { inFlight, redisForBench, sequential } from "../redis.js";

/** A queue on Redis beside BullMQ: the same jobs, which do nothing, through one ioredis each and one worker each. */
const redis = await redisForBench();
const connection = { host: redis.host, port: redis.port };
const kit = createKit({ service: "bench", store: redisStore(redis.io, { deadline: "30s" }) });
const define = (
  name: string,
  jobs = { work: kit.job({ input: z.object({ i: z.number() }), run: ({ i }) => worked(i) }) },
) => kit.queue(name, { jobs, deadline: "30s" });
const peerName = "BullMQ 5";
const ROUNDS = 9;

let done = 0;
let expected = 0;
let allDone: () => void = () => undefined;

/** What every job does, ours and theirs. */
function worked(i: number): number {
  if (++done === expected) allDone();
  return i;
}

/** Microseconds a job, of wall time and of this process's CPU, until so many have run. */
async function timed(count: number, start: () => { stop(): Promise<unknown> }): Promise<[wall: number, cpu: number]> {
  done = 0;
  expected = count;
  const ended = new Promise<void>((resolve) => (allDone = resolve));
  const cpu = process.cpuUsage();
  const begun = process.hrtime.bigint();
  const worker = start();
  await ended;
  const wall = Number(process.hrtime.bigint() - begun) / 1e3;
  const { user, system } = process.cpuUsage(cpu);
  await worker.stop();
  return [wall / count, (user + system) / count];
}

/** Works off a queue that was filled before, with so many at a time. */
async function working(
  concurrency: number,
  count: number,
  targets: readonly [wall: number, cpu: number],
): Promise<Row[]> {
  const ours = define(`work-${concurrency}`);
  const theirs = new Queue(`work-${concurrency}`, { connection });
  const numbers = Array.from({ length: count }, (_, i) => i);
  const walls: [number, number][] = [];
  const cpus: [number, number][] = [];
  for (let round = 0; round < ROUNDS + 2; round++) {
    for (let from = 0; from < count; from += 1_000) {
      const some = numbers.slice(from, from + 1_000);
      await ours.enqueueMany(some.map((i) => ({ tool: "work", input: { i } })));
      await theirs.addBulk(some.map((i) => ({ name: "work", data: { i } })));
    }
    const us = async () =>
      timed(count, () => {
        const worker = ours.process({ concurrency });
        return { stop: () => worker.drain() };
      });
    const them = async () =>
      timed(count, () => {
        const worker = new Worker(`work-${concurrency}`, async ({ data }) => worked(data.i), {
          connection,
          concurrency,
        });
        return { stop: () => worker.close() };
      });
    const first = round % 2 === 0 ? await us() : undefined;
    const peer = await them();
    const own = first ?? (await us());
    // The first two are for warming up.
    if (round < 2) continue;
    walls.push([own[0], peer[0]]);
    cpus.push([own[1], peer[1]]);
  }
  await theirs.close();
  return [
    line(`a job on Redis, ${concurrency} at a time`, walls, targets[0], "µs"),
    line(`CPU of a job on Redis, ${concurrency} at a time`, cpus, targets[1], "µs"),
  ];
}

/** How long it takes from enqueueing until the result is there, one after the other. */
async function waiting(count: number): Promise<Row[]> {
  const ours = define("wait");
  const worker = ours.process({ concurrency: 10 });
  const theirs = new Queue("wait", { connection });
  const events = new QueueEvents("wait", { connection });
  const peer = new Worker("wait", async ({ data }) => worked(data.i), { connection, concurrency: 10 });
  await Promise.all([events.waitUntilReady(), peer.waitUntilReady()]);
  expected = -1;
  const us = (i: number) => ours.enqueueAndWait("work", { i }, { wait: "30s" });
  const them = async (i: number) => (await theirs.add("work", { i })).waitUntilFinished(events, 30_000);
  const p50: [number, number][] = [];
  const p99: [number, number][] = [];
  for (let round = 0; round < ROUNDS + 1; round++) {
    const [a, b] = [await latencies(count, us), await latencies(count, them)];
    if (round === 0) continue;
    p50.push([at(a, 0.5), at(b, 0.5)]);
    p99.push([at(a, 0.99), at(b, 0.99)]);
  }
  await Promise.all([worker.drain(), peer.close(), events.close()]);
  await theirs.close();
  return [
    line("enqueueing and waiting for the result on Redis, p50", p50, 0.8, "µs"),
    line("enqueueing and waiting for the result on Redis, p99", p99, 0.8, "µs"),
  ];
}

async function latencies(count: number, call: (i: number) => Promise<unknown>): Promise<number[]> {
  const all: number[] = [];
  for (let i = 0; i < count; i++) {
    const begun = process.hrtime.bigint();
    await call(i);
    all.push(Number(process.hrtime.bigint() - begun) / 1e3);
  }
  return all.sort((a, b) => a - b);
}

const at = (sorted: readonly number[], share: number) => sorted[Math.floor(share * (sorted.length - 1))] as number;

function line(path: string, pairs: readonly [number, number][], target: number, unit: string): Row {
  const ratio = median(pairs.map(([ours, theirs]) => ours / theirs));
  return row({ path, peerName, target }, median(pairs.map(([a]) => a)), median(pairs.map(([, b]) => b)), ratio, unit);
}

const ours = define("in");
const theirs = new Queue("in", { connection });
const rows = [
  await compete({
    path: "enqueueing on Redis, one after the other",
    ours: sequential((i) => ours.enqueue("work", { i })),
    peer: sequential((i) => theirs.add("work", { i })),
    peerName,
    target: 1 / 1.2,
    calls: 500,
  }),
  await compete({
    path: "enqueueing on Redis, 1000 at once",
    ours: inFlight(1_000, (i) => ours.enqueue("work", { i })),
    peer: inFlight(1_000, (i) => theirs.add("work", { i })),
    peerName,
    target: 1 / 1.5,
    calls: 1_000,
  }),
  ...(await working(1, 2_000, [1 / 1.5, 0.3])),
  ...(await working(50, 10_000, [1 / 4, 0.3])),
  ...(await waiting(300)),
];
report("redis-queue", rows);
await theirs.close();
await kit.close();
await redis.stop();
// Their workers' connections go on trying.
process.exit(0);
