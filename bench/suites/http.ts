/**
 * Requests a second and CPU a request of whole services: each in a process of its own (this same file, with the
 * service's name), loaded over loopback by this one, in turn.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import autocannon from "autocannon";
import { median, report, row } from "../harness.js";
import { services } from "../services.js";

const ROUNDS = 7;
const SECONDS = 3;
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
  const child = fork(fileURLToPath(import.meta.url), [name], { stdio: "inherit" });
  const [{ port }] = (await once(child, "message")) as [{ port: number }];
  return { child, port };
}

async function cpuOf(child: ChildProcess): Promise<number> {
  child.send("cpu");
  const [usage] = (await once(child, "message")) as [NodeJS.CpuUsage];
  return usage.user + usage.system;
}

async function sample({ child, port }: Running): Promise<Sample> {
  const before = await cpuOf(child);
  const result = await autocannon({
    url: `http://127.0.0.1:${port}/echo`,
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
    connections: CONNECTIONS,
    duration: SECONDS,
  });
  if (result["2xx"] === 0 || result.non2xx > 0 || result.errors > 0) {
    throw new Error(`not every request was answered: ${result.non2xx} non-2xx, ${result.errors} errors`);
  }
  return { rate: result["2xx"] / result.duration, cpu: ((await cpuOf(child)) - before) / result["2xx"] };
}

async function duel(path: string, ours: keyof typeof services, peer: keyof typeof services, target: number) {
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

const service = process.argv[2];
if (service !== undefined) {
  const port = await services[service as keyof typeof services]();
  process.on("message", () => process.send?.(process.cpuUsage()));
  process.on("disconnect", () => process.exit());
  process.send?.({ port });
} else {
  report("http", [
    ...(await duel("Express, guarded endpoint", "express + keelson", "express + json + zod + express-rate-limit", 1)),
  ]);
  process.exit();
}
