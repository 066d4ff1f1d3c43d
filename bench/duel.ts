/**
 * Whole services side by side: each in a process of its own (the suite's own file, with the service's name), loaded over
 * loopback by the suite's process, in turn.
 */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import autocannon from "autocannon";
import { median, type Row, row } from "./harness.js";
import { type Contender, startAs } from "./trial.js";

/** Starts services by name; each answers the port that it listens on. */
export type Services = Readonly<Record<string, () => Promise<number>>>;

const ROUNDS = 7;
const SECONDS = 3;
/** In a trial of many, each sample is shorter. */
const TRIAL_SECONDS = 2;
const CONNECTIONS = 50;
const body = JSON.stringify({ text: "a lamp for the desk", page: 1 });

interface Running {
  readonly child: ChildProcess;
  readonly port: number;
}
interface Sample {
  readonly rate: number;
  /** CPU microseconds of the server's process, for one request. */
  readonly cpu: number;
}

async function start(name: string): Promise<Running> {
  const { child, ready } = await startAs(name);
  return { child, port: (ready as { port: number }).port };
}

/** A service as a contender of a trial. */
export async function serviceContender(name: string): Promise<Contender> {
  const running = await start(name);
  return {
    measure: async () => {
      const { rate, cpu } = await sample(running, TRIAL_SECONDS);
      return { time: 1_000_000 / rate, cpu };
    },
    stop: () => running.child.kill(),
  };
}

async function cpuOf(child: ChildProcess): Promise<number> {
  child.send("cpu");
  const [usage] = (await once(child, "message")) as [NodeJS.CpuUsage];
  return usage.user + usage.system;
}

async function sample({ child, port }: Running, seconds = SECONDS): Promise<Sample> {
  const before = await cpuOf(child);
  const result = await autocannon({
    url: `http://127.0.0.1:${port}/echo`,
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
    connections: CONNECTIONS,
    duration: seconds,
  });
  if (result["2xx"] === 0 || result.non2xx > 0 || result.errors > 0) {
    throw new Error(`not every request was answered: ${result.non2xx} non-2xx, ${result.errors} errors`);
  }
  return { rate: result["2xx"] / result.duration, cpu: ((await cpuOf(child)) - before) / result["2xx"] };
}

/** Time and CPU a request of two services, as two lines. */
export async function duel(path: string, ours: string, peer: string, target: number): Promise<Row[]> {
  const [a, b] = [await start(ours), await start(peer)];
  await sample(a);
  await sample(b);
  const mine: Sample[] = [];
  const theirs: Sample[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    if (round % 2 === 0) mine.push(await sample(a));
    theirs.push(await sample(b));
    if (round % 2 === 1) mine.push(await sample(a));
  }
  a.child.kill();
  b.child.kill();
  const perRequest = (samples: readonly Sample[]) => samples.map(({ rate }) => 1_000_000 / rate);
  const cpu = (samples: readonly Sample[]) => samples.map((one) => one.cpu);
  return (
    [
      ["time", perRequest],
      ["server CPU", cpu],
    ] as const
  ).map(([label, read]) => {
    const [x, y] = [read(mine), read(theirs)];
    const ratio = median(x.map((figure, i) => figure / (y[i] ?? Number.NaN)));
    return row({ path: `${path}: ${label} a request`, peerName: peer, target }, median(x), median(y), ratio, "µs");
  });
}

/** Whether this process was started to be a service: it is then, until whoever started it goes. */
export async function serving(services: Services): Promise<boolean> {
  const name = process.argv[2];
  if (name === undefined) return false;
  const port = await services[name]?.();
  process.on("message", () => process.send?.(process.cpuUsage()));
  process.on("disconnect", () => process.exit());
  process.send?.({ port });
  return true;
}
