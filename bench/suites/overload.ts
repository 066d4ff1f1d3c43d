/**
 * Goodput under more load than a service can take: answers within a deadline, at 0.5 to 3 times the capacity. Each
 * service is in a process of its own (this same file, with the service's name) and is loaded over loopback by this one
 * at a pace that no answer slows down. Once with clients that close their connections when they give up, and once with
 * connections that are kept. Where this process can't ask as often as three times what a service can answer, the most
 * that it can ask in time takes the place of that, and the figures say how much it was.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import autocannon from "autocannon";
import { type Row, report } from "../harness.js";
import { type Outcome, openLoop, type Usage } from "../open-loop.js";
import { services } from "../overloaded-services.js";

type Name = keyof typeof services;
const NAMES = Object.keys(services) as Name[];
const ALONE: Name = "express alone";
const OURS: Name = "keelson, front door";
const LOADS = [0.5, 1, 1.5, 2, 3];
/** What is tried when this process can't keep pace with the highest of them. */
const LOWER = [2.5, 2.25, 2, 1.8, 1.6, 1.4, 1.2];
/** Of the goodput's peak, what is to be left at the highest load. */
const KEPT = 0.85;
const SETTINGS = { warmUpMs: 2000, measureMs: 4000, deadlineMs: 500, connections: 1000 };

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
}

async function start(name: Name, cost: number): Promise<Running> {
  const child = fork(fileURLToPath(import.meta.url), [name, String(cost)], { stdio: "inherit" });
  const [{ port }] = (await once(child, "message")) as [{ port: number }];
  return { child, url: `http://127.0.0.1:${port}/work` };
}

/** Answers a second of Express alone, when somebody always waits: what the loads are multiples of. */
async function capacityOf(cost: number): Promise<number> {
  const { child, url } = await start(ALONE, cost);
  await autocannon({ url, connections: 8, duration: 1 });
  const { "2xx": answers, duration } = await autocannon({ url, connections: 8, duration: 3 });
  child.kill();
  return answers / duration;
}

/** Whether something else had the processors: a late generator, or a service with too much to do and not enough of one. */
const disturbed = (outcome: Outcome) =>
  late(outcome) || (outcome.good < 0.95 * outcome.offered && outcome.processor < 0.9);
const late = ({ lag }: Outcome) => lag > SETTINGS.deadlineMs / 5;

/** Each load finds the service as it was started, and not as the last one left it. */
async function outcomeOf(name: Name, cost: number, rate: number, hangUp: boolean): Promise<Outcome> {
  const { child, url } = await start(name, cost);
  const usage = async () => {
    child.send("usage");
    return ((await once(child, "message")) as [Usage])[0];
  };
  const outcome = await openLoop({ url, rate, hangUp, usage, ...SETTINGS });
  child.kill();
  return outcome;
}

async function outcomesOf(name: Name, cost: number, capacity: number, loads: readonly number[], hangUp: boolean) {
  const outcomes: Outcome[] = [];
  for (const load of loads) {
    let outcome = await outcomeOf(name, cost, load * capacity, hangUp);
    for (let again = 0; again < 2 && disturbed(outcome); again++)
      outcome = await outcomeOf(name, cost, load * capacity, hangUp);
    outcomes.push(outcome);
  }
  return outcomes;
}

/**
 * The highest load that this process can ask for in time: of the service that answers most, for others make less work
 * for who asks. `undefined`: it can't ask more than that service can answer.
 */
async function highestOf(cost: number, capacity: number): Promise<number | undefined> {
  for (const load of [last(LOADS), ...LOWER])
    if (!late(await outcomeOf(OURS, cost, load * capacity, false))) return load;
  return undefined;
}

const perCore = ({ good, processor }: Outcome) => good / processor;
const last = <T>(all: readonly T[]) => all.at(-1) as T;
const times = (load: number) => `${load} ×`;
const kept = (outcomes: readonly Outcome[], read: (one: Outcome) => number) => ({
  peak: Math.max(...outcomes.map(read)),
  left: read(last(outcomes)),
});
const percent = ({ peak, left }: { peak: number; left: number }) => `${((100 * left) / peak).toFixed(0)} %`;

function print(name: Name, capacity: number, outcomes: readonly Outcome[]): void {
  const cpu = percent(kept(outcomes, perCore));
  const most = times(Number((last(outcomes).offered / capacity).toFixed(2)));
  console.log(
    `    ${name}: ${percent(kept(outcomes, ({ good }) => good))} of the peak at ${most}, ${cpu} by its own CPU time`,
  );
  for (const one of outcomes) {
    const cells = [one.offered, one.good, one.refused, one.late]
      .map((figure) => figure.toFixed(0).padStart(7))
      .join("");
    const waits = `p50 ${one.p50.toFixed(0).padStart(4)} ms  p99 ${one.p99.toFixed(0).padStart(4)} ms`;
    const doubts = `${disturbed(one) ? "DISTURBED, of no use: " : ""}processor ${one.processor.toFixed(2)}, generator late ${one.lag.toFixed(0)} ms`;
    console.log(`      ${(one.offered / capacity).toFixed(2)}${cells}  ${waits}  (${doubts})`);
  }
}

async function compared(cost: number, capacity: number, loads: readonly number[], hangUp: boolean) {
  console.log(`  ${hangUp ? "connections closed when clients give up" : "connections kept"}`);
  console.log("      load, a second: offered, good, refused, late");
  const all = new Map<Name, Outcome[]>();
  for (const name of NAMES) {
    const outcomes = await outcomesOf(name, cost, capacity, loads, hangUp);
    all.set(name, outcomes);
    print(name, capacity, outcomes);
  }
  return all;
}

function rowsOf(what: string, all: ReadonlyMap<Name, readonly Outcome[]>, most: number, target: number): Row[] {
  const ours = all.get(OURS) ?? [];
  const row = (path: string, unit: string, read: (one: Outcome) => number): Row => {
    const { peak, left } = kept(ours, read);
    return {
      path,
      ours: peak,
      peer: left,
      peerName: `at ${times(most)}`,
      unit,
      ratio: peak / left,
      target,
      met: peak / left <= target,
    };
  };
  return [
    row(`${what}: goodput, its peak and what is left`, "/s", ({ good }) => good),
    row(`${what}: the same, a second of its CPU time`, "/s", perCore),
    ...NAMES.filter((name) => name !== OURS).map((peerName) => {
      const [mine, peer] = [1e6 / last(ours).good, 1e6 / last(all.get(peerName) ?? []).good];
      const path = `${what}: time for a good answer at ${times(most)}`;
      return { path, ours: mine, peer, peerName, ratio: mine / peer, unit: "µs", target: 1, met: mine <= peer };
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
  const rows: Row[] = [];
  for (const [cost, target] of [
    [2, 1 / KEPT],
    [0.05, Number.POSITIVE_INFINITY],
  ] as const) {
    const capacity = await capacityOf(cost);
    console.log(`\n${cost} ms a request: Express alone answers ${capacity.toFixed(0)} a second`);
    const what = `${cost} ms`;
    if (cost === 2) {
      rows.push(...rowsOf(what, await compared(cost, capacity, LOADS, true), last(LOADS), target));
      rows.push(...rowsOf(`${what}, kept`, await compared(cost, capacity, [1, 3], false), last(LOADS), target));
      continue;
    }
    // With a cheap handler it would be this process that is overloaded by connecting anew.
    const most = await highestOf(cost, capacity);
    if (most === undefined) {
      console.log("  this process can't ask as often as that service answers: no figures");
      continue;
    }
    const loads = [...LOADS.filter((load) => load < most), most];
    rows.push(...rowsOf(`${what}, kept`, await compared(cost, capacity, loads, false), most, target));
  }
  report("overload", rows);
  process.exit();
}
