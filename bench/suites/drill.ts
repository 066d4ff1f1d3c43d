/**
 * The drill as a load generator, against autocannon: 50 clients on a bare node:http server in a process of its own (this
 * same file), in turn, with everything on that a drill has: outcomes, response and service histograms, series. And how
 * near an open stage comes to the rate that was asked for.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import autocannon from "autocannon";
import { targetSchema } from "../../src/ops/config/request.js";
import { type Stage, scenarioSchema, stageSchema } from "../../src/ops/config/scenario.js";
import { Load } from "../../src/ops/drill/load.js";
import { Recorder } from "../../src/ops/drill/recorder.js";
import { plan } from "../../src/ops/drill/schedule.js";
import { median, report, row } from "../harness.js";

const ROUNDS = 9;
const SECONDS = 2;
const CONNECTIONS = 50;
const RATE = 5_000;
const RATE_ROUNDS = 5;

interface Sample {
  /** Microseconds. */
  readonly time: number;
  /** CPU microseconds of the generator's process. */
  readonly cpu: number;
}

/** Runs something that answers how many requests it made in how many seconds. */
async function sample(run: () => Promise<{ readonly requests: number; readonly sec: number }>): Promise<Sample> {
  const before = process.cpuUsage();
  const { requests, sec } = await run();
  const { user, system } = process.cpuUsage(before);
  return { time: (sec * 1e6) / requests, cpu: (user + system) / requests };
}

async function measured(load: Load, stage: Stage): Promise<Recorder> {
  const stages = [stage];
  const recorder = new Recorder({ lanes: ["hello"], plan: plan(stages), samples: "rate" in stage });
  await load.run(stages, { sink: recorder, signal: new AbortController().signal });
  const { outcomes, valid } = recorder.tally([0], [0]);
  if (valid === 0 || outcomes.success < valid) throw new Error(`not all went well: ${JSON.stringify(outcomes)}`);
  return recorder;
}

async function ours(load: Load): Promise<{ readonly requests: number; readonly sec: number }> {
  const stage = stageSchema.parse({ duration: SECONDS * 1000, concurrency: CONNECTIONS });
  return { requests: (await measured(load, stage)).tally([0], [0]).valid, sec: SECONDS };
}

/** The rate of an open stage: between its first request and its last, by when they were sent. */
async function achieved(load: Load): Promise<number> {
  const samples = (await measured(load, stageSchema.parse({ duration: SECONDS * 1000, rate: RATE }))).samples();
  const sent = samples.map(({ dueMs, responseMs, serviceMs }) => dueMs + responseMs - serviceMs).sort((a, b) => a - b);
  return ((sent.length - 1) / ((sent.at(-1) ?? Number.NaN) - (sent[0] ?? Number.NaN))) * 1000;
}

async function theirs(url: string): Promise<{ readonly requests: number; readonly sec: number }> {
  const result = await autocannon({ url, connections: CONNECTIONS, duration: SECONDS });
  if (result["2xx"] === 0 || result.non2xx > 0 || result.errors > 0) throw new Error("not all went well");
  return { requests: result["2xx"], sec: result.duration };
}

async function served(): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const child = fork(fileURLToPath(import.meta.url), ["serve"], { stdio: "inherit" });
  const [{ port }] = (await once(child, "message")) as [{ port: number }];
  return { child, url: `http://127.0.0.1:${port}` };
}

function serve(): void {
  const server = createServer((_, response) => void response.end("hello"));
  server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));
  process.on("disconnect", () => process.exit());
}

if (process.argv[2] === "serve") serve();
else {
  const { child, url } = await served();
  const scenario = scenarioSchema.parse({ request: { path: "/" } });
  const lanes = [{ name: "hello", scenarioName: "hello", scenario, target: targetSchema.parse(url) }];
  const load = new Load({ lanes, seed: 1, env: {} });
  await sample(() => ours(load));
  await sample(() => theirs(url));
  const mine: Sample[] = [];
  const peer: Sample[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    if (round % 2 === 0) mine.push(await sample(() => ours(load)));
    peer.push(await sample(() => theirs(url)));
    if (round % 2 === 1) mine.push(await sample(() => ours(load)));
  }
  const compare = (path: string, read: (of: Sample) => number, target: number) => {
    const ratio = median(mine.map((one, at) => read(one) / read(peer[at] as Sample)));
    return row({ path, peerName: "autocannon", target }, median(mine.map(read)), median(peer.map(read)), ratio, "µs");
  };
  const rates: number[] = [];
  for (let round = 0; round <= RATE_ROUNDS; round++) rates.push(await achieved(load));
  // The first opens connections: a drill has a warm-up for that.
  const rate = median(rates.slice(1));
  report("drill", [
    compare("50 clients: time a request", ({ time }) => time, 1 / 0.75),
    compare("50 clients: CPU a request", ({ cpu }) => cpu, 1.6),
    row(
      { path: "open stage: rate, and how far off", peerName: "asked for", target: 0.01 },
      rate,
      RATE,
      Math.abs(rate / RATE - 1),
      "rps",
    ),
  ]);
  await load.close();
  child.kill();
  process.exit();
}
