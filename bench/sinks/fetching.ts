/** Contestants asked by `kit.fetch`, each in a process of its own: what it takes is the whole process's. */
import { once } from "node:events";
import { type Contender, type Measured, startAs } from "../trial.js";
import { type Contestant, contestants } from "./contestants.js";

const CALLS = 10_000;
/** Requests between two turns of the event loop, in which timers ring. */
const TURN = 100;
const PREFIX = "fetch ";

const body = JSON.stringify({ text: "a lamp for the desk", page: 1 });
const init = {
  method: "POST",
  body,
  headers: { "content-type": "application/json", "content-length": String(body.length) },
};

/** Starts a contestant's process. */
export async function fetchContender(name: string): Promise<Contender> {
  const { child } = await startAs(PREFIX + name);
  return {
    measure: async () => {
      child.send("measure");
      const [measured] = (await once(child, "message")) as [Measured];
      return measured;
    },
    stop: () => child.kill(),
  };
}

/** Whether this process was started to be a contestant: it is then, until whoever started it goes. */
export async function fetching(): Promise<boolean> {
  const name = process.argv[2];
  if (!name?.startsWith(PREFIX)) return false;
  const contestant = contestants[name.slice(PREFIX.length) as keyof typeof contestants]();
  process.on("message", async () => process.send?.(await measured(contestant)));
  process.on("disconnect", () => process.exit());
  process.send?.("ready");
  return true;
}

/** Microseconds a request. */
async function measured(contestant: Contestant): Promise<Measured> {
  const [cpu, began] = [process.cpuUsage(), process.hrtime.bigint()];
  await ask(contestant);
  await contestant.flush();
  const { user, system } = process.cpuUsage(cpu);
  return { time: Number(process.hrtime.bigint() - began) / 1000 / CALLS, cpu: (user + system) / CALLS };
}

async function ask({ kit, around }: Contestant): Promise<void> {
  for (let i = 0; i < CALLS; i++) {
    const ended = around?.();
    const response = await kit.fetch(new Request("http://127.0.0.1/echo", init));
    if (response.status !== 200) throw new Error(`answered ${response.status}`);
    await response.text();
    ended?.(response.status);
    if (i % TURN === 0) await new Promise(setImmediate);
  }
}
