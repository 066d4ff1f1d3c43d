/**
 * 20,000 jobs, and workers that are killed or held up at random: every job ends once, none is lost, no two leases of one
 * overlap, and an end that comes too late is refused.
 */
import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import { z } from "zod";
import { seeded } from "../src/core/seeded.js";
import { createKit } from "../src/index.js";
import { redisStore } from "../src/stores/redis/index.js";
import { provide, redisServer } from "../test/setup/provide.js";
import { startRedis } from "../test/setup/redis.js";

const JOBS = Number(process.argv[2] ?? 20_000);
const WORKERS = 4;
const LEASE_MS = 2_000;

const random = seeded(Number(process.argv[3] ?? 1));
const folder = mkdtempSync(join(tmpdir(), "keelson-proof-"));
const server = await startRedis(provide(redisServer));
const url = `redis://${server.host}:${server.port}`;
const client = new Redis(url, { autoResendUnfulfilledCommands: false });
const kit = createKit({ service: "proof", store: redisStore(client, { deadline: "10s" }) });
const tools = kit.queue("jobs", {
  jobs: { work: kit.job({ input: z.object({ n: z.number() }), output: z.number(), attempts: 1_000 }) },
});
for (let from = 0; from < JOBS; from += 1_000) {
  const some = Array.from({ length: Math.min(1_000, JOBS - from) }, (_, i) => from + i);
  await tools.enqueueMany(some.map((n) => ({ tool: "work" as const, input: { n }, id: `${n}` })));
}

const children = new Set<ChildProcess>();
let started = 0;
let killed = 0;
let stopped = 0;
const workers = await Promise.all(Array.from({ length: WORKERS }, start));
const done = async () => (await tools.stats()).work.ended.succeeded;
for (;;) {
  await sleep(200 + random() * 800);
  const ended = await done();
  if (ended >= JOBS) break;
  const at = Math.floor(random() * WORKERS);
  const worker = workers[at] as ChildProcess;
  if (random() < 0.3) {
    // Held up for longer than its leases: then it goes on as if nothing had been.
    stopped++;
    worker.kill("SIGSTOP");
    setTimeout(() => worker.kill("SIGCONT"), LEASE_MS * 1.5);
  } else {
    killed++;
    worker.kill("SIGKILL");
  }
  workers[at] = await start();
}
// Those that were held up tell what they did.
await sleep(LEASE_MS * 2);

const wrong: string[] = [];
const stats = (await tools.stats()).work;
const { queued, delayed, running, ended } = stats;
if (queued + delayed + running > 0) wrong.push(`${queued + delayed + running} jobs have not ended`);
if (ended.succeeded !== JOBS) wrong.push(`${ended.succeeded} of ${JOBS} succeeded`);
for (const [end, count] of Object.entries(ended)) if (end !== "succeeded" && count > 0) wrong.push(`${count} ${end}`);
for (let n = 0; n < JOBS; n += 97) {
  const job = await tools.get(`${n}`);
  if (job?.state !== "succeeded" || job.result !== n) wrong.push(`the job ${n} is ${job?.state}`);
}

/** What the workers noted, by job: leases with their fence and the store's time. */
const notes = new Map<string, { what: string; fence: number; at: number }[]>();
for (const file of readdirSync(folder)) {
  for (const line of readFileSync(join(folder, file), "utf8").split("\n")) {
    const [what = "", id = "", fence = "0", at = "0"] = line.split(" ");
    if (id !== "") notes.set(id, [...(notes.get(id) ?? []), { what, fence: Number(fence), at: Number(at) }]);
  }
}
let again = 0;
let refused = 0;
for (const [id, all] of notes) {
  const of = (kind: string) => all.filter(({ what }) => what === kind);
  const leases = of("claimed").sort((a, b) => a.fence - b.fence);
  if (leases.length > 1) again++;
  refused += of("lost").length;
  if (of("ended").length > 1) wrong.push(`the job ${id} ended ${of("ended").length} times`);
  for (const [i, lease] of leases.entries()) {
    const before = leases[i - 1];
    if (before === undefined) continue;
    if (lease.fence === before.fence) wrong.push(`${id}: two leases have the fence ${lease.fence}`);
    // Nothing was extended so near to its beginning; what was given back was free at once.
    if (lease.at < before.at + LEASE_MS && of("released").length === 0)
      wrong.push(`${id}: a lease began ${lease.at - before.at} ms after the one before`);
  }
}
if (killed + stopped === 0 || again === 0 || refused === 0)
  wrong.push("nothing was put to the test: run it with more jobs");
for (const child of children) child.kill("SIGKILL");
await kit.close();
client.disconnect();
await server.stop();
rmSync(folder, { recursive: true });
for (const one of wrong.slice(0, 20)) console.log(`BROKEN  ${one}`);
console.log(
  `${wrong.length === 0 ? "held  " : "BROKEN"}  ${JOBS} jobs, ${started} workers, ${killed} of them killed and ${stopped} held up: ` +
    `${again} jobs were given out more than once, ${refused} ends came too late and were refused`,
);
process.exit(wrong.length === 0 ? 0 : 1);

/** A worker that has begun to work. */
function start(): Promise<ChildProcess> {
  const log = join(folder, `${started++}.log`);
  const path = fileURLToPath(new URL("worker.ts", import.meta.url));
  const child = fork(path, [url, log, String(LEASE_MS)], { execArgv: ["--import", "tsx"] });
  children.add(child);
  return new Promise((resolve, reject) => {
    child.once("message", () => resolve(child));
    child.once("error", reject);
  });
}
