/**
 * Goodput under more load than a service can take: answers within a deadline, at 0.5 to 3 times the capacity. Each
 * service is in a process of its own (this same file, with the service's name) and is loaded over loopback by this one
 * at a pace that no answer slows down.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import autocannon from "autocannon";
import { type Row, report } from "../harness.js";
import { type Outcome, openLoop, type Usage } from "../open-loop.js";
import { services } from "../overloaded-services.js";

type Name = keyof typeof services;
const ALONE: Name = "express alone";
const OURS: Name = "keelson, front door";
const LOADS = [0.5, 1, 1.5, 2, 3];
const DEADLINE_MS = 500;
/** Of the goodput's peak, what is to be left at three times the capacity. */
const KEPT = 0.85;
const SETTINGS = { warmUpMs: 2000, measureMs: 5000, deadlineMs: DEADLINE_MS, connections: 1000 };

async function start(name: Name, cost: number): Promise<{ child: ChildProcess; url: string }> {
  const child = fork(fileURLToPath(import.meta.url), [name, String(cost)], { stdio: "inherit" });
  const [{ port }] = (await once(child, "message")) as [{ port: number }];
  return { child, url: `http://127.0.0.1:${port}/work` };
}

/** Answers a second of Express alone, when somebody always waits: what the loads are multiples of. */
async function capacityOf(cost: number): Promise<number> {
  const { child, url } = await start(ALONE, cost);
  await autocannon({ url, connections: 8, duration: 2 });
  const { "2xx": answers, duration } = await autocannon({ url, connections: 8, duration: 3 });
  child.kill();
  return answers / duration;
}

async function outcomesOf(name: Name, cost: number, capacity: number): Promise<Outcome[]> {
  const { child, url } = await start(name, cost);
  const outcomes: Outcome[] = [];
  const usage = async () => {
    child.send("usage");
    return ((await once(child, "message")) as [Usage])[0];
  };
  for (const load of LOADS) {
    outcomes.push(await openLoop({ url, rate: load * capacity, usage, ...SETTINGS }));
    // What is left of the last load is not the next one's.
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  child.kill();
  return outcomes;
}

const peakOf = (outcomes: readonly Outcome[]) => Math.max(...outcomes.map(({ good }) => good));
const keptOf = (outcomes: readonly Outcome[]) => (outcomes.at(-1)?.good ?? 0) / peakOf(outcomes);

function table(name: Name, outcomes: readonly Outcome[]): void {
  console.log(`  ${name}: ${(keptOf(outcomes) * 100).toFixed(0)} % of the peak at ${LOADS.at(-1)} ×`);
  for (const [at, { offered, good, refused, late, p50, p99, lag }] of outcomes.entries()) {
    const cells = [offered, good, refused, late].map((figure) => figure.toFixed(0).padStart(7)).join("");
    const times = `p50 ${p50.toFixed(0).padStart(4)} ms  p99 ${p99.toFixed(0).padStart(4)} ms`;
    console.log(`    ${String(LOADS[at]).padEnd(4)}${cells}  ${times}  (generator late ${lag.toFixed(0)} ms)`);
  }
}

async function compared(cost: number, target: number): Promise<Row[]> {
  const capacity = await capacityOf(cost);
  console.log(`\n${cost} ms a request; capacity of Express alone: ${capacity.toFixed(0)} a second`);
  console.log(`  load: a second: offered, good within ${DEADLINE_MS} ms, refused, late`);
  const all = new Map<Name, Outcome[]>();
  for (const name of Object.keys(services) as Name[]) {
    all.set(name, await outcomesOf(name, cost, capacity));
    table(name, all.get(name) ?? []);
  }
  const good = (name: Name) => all.get(name)?.at(-1)?.good ?? 0;
  const peak = peakOf(all.get(OURS) ?? []);
  const kept = { ours: peak, peer: good(OURS), ratio: peak / good(OURS), unit: "/s" };
  return [
    { path: `${cost} ms: goodput's peak, and at 3 ×`, ...kept, peerName: "at 3 ×", target, met: kept.ratio <= target },
    ...[...all.keys()]
      .filter((name) => name !== OURS)
      .map((peerName) => {
        const [ours, peer] = [1e6 / good(OURS), 1e6 / good(peerName)];
        const path = `${cost} ms: time for a good answer at 3 ×`;
        return { path, ours, peer, peerName, ratio: ours / peer, unit: "µs", target: 1, met: ours <= peer };
      }),
  ];
}

const [service, cost] = process.argv.slice(2);
if (service !== undefined) {
  const port = await services[service as Name](Number(cost));
  process.on("message", () => {
    const { user, system } = process.cpuUsage();
    process.send?.({ at: performance.now(), cpu: user + system } satisfies Usage);
  });
  process.on("disconnect", () => process.exit());
  process.send?.({ port });
} else {
  report("overload", [...(await compared(2, 1 / KEPT)), ...(await compared(0.05, Number.POSITIVE_INFINITY))]);
  process.exit();
}
