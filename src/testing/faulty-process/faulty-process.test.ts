import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { ManualClock } from "../manual-clock.js";
import { type FaultyProcess, type FaultyProcessOptions, faultyProcess } from "./faulty-process.js";

const STAYS = 'console.log("ready"); setInterval(() => {}, 1000)';

async function start(options: Partial<FaultyProcessOptions> = {}): Promise<FaultyProcess> {
  const supervised = await faultyProcess({ command: [process.execPath, "-e", STAYS], ready: /ready/, ...options });
  onTestFinished(() => supervised.close());
  return supervised;
}

const runs = (pid: number | undefined) => {
  try {
    return pid !== undefined && process.kill(pid, 0);
  } catch {
    return false;
  }
};

it("kills it, and starts it again when the time is up", async () => {
  const clock = new ManualClock();
  const supervised = await start({ clock });
  const { pid } = supervised;
  await supervised.inject({ kind: "kill", ttl: "3s" });
  expect([runs(pid), supervised.pid]).toEqual([false, undefined]);
  await clock.advance(3000);
  await supervised.recover();
  expect([runs(supervised.pid), supervised.restarts]).toEqual([true, 1]);
  expect(supervised.pid).not.toBe(pid);
});

it("recovers it before that, and once it has died by itself", async () => {
  const supervised = await start();
  await supervised.inject({ kind: "kill" });
  await supervised.recover();
  expect(supervised.restarts).toBe(1);
  process.kill(supervised.pid as number, "SIGKILL");
  while (supervised.pid !== undefined) await new Promise((resolve) => setImmediate(resolve));
  await supervised.recover();
  expect([runs(supervised.pid), supervised.restarts]).toEqual([true, 2]);
});

it("is switched over HTTP", async () => {
  const supervised = await start({ admin: true, clock: new ManualClock() });
  const send = async (method: string, body?: object) => {
    const response = await fetch(`${supervised.adminUrl}/faults`, {
      method,
      ...(body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    return [response.status, await response.json()];
  };
  expect(await send("POST", { kind: "kill", ttl: "30s" })).toEqual([
    201,
    { id: 1, pid: null, restarts: 0, faults: [{ id: 1, fault: { kind: "kill", ttl: "30s" }, leftMs: 30_000 }] },
  ]);
  expect(await send("DELETE")).toEqual([200, { pid: supervised.pid, restarts: 1, faults: [] }]);
  expect(await send("POST", { kind: "drown" })).toEqual([400, { error: expect.stringMatching(/fault\.kind/) }]);
});

it("ends a paused one, too", async () => {
  const supervised = await start();
  const { pid } = supervised;
  await supervised.inject({ kind: "pause" });
  await supervised.close();
  expect(runs(pid)).toBe(false);
});

it("says why it doesn't come up", async () => {
  const command = [process.execPath, "-e", 'console.error("no disk"); process.exit(1)'] as const;
  await expect(faultyProcess({ command, ready: /ready/ })).rejects.toThrow(/ended:\nno disk/);
  await expect(faultyProcess({ command: ["/no/such/program"] })).rejects.toThrow(/ENOENT/);
});

it("ends with the process that started it, even by SIGKILL", async () => {
  const script = `
    import { faultyProcess } from ${JSON.stringify(fileURLToPath(new URL("./faulty-process.ts", import.meta.url)))};
    const { pid } = await faultyProcess({ command: [process.execPath, "-e", ${JSON.stringify(STAYS)}], ready: /ready/ });
    console.log(pid);
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script]);
  onTestFinished(() => void parent.kill("SIGKILL"));
  const [said] = (await once(parent.stdout, "data")) as [Buffer];
  const pid = Number(said.toString());
  expect(runs(pid)).toBe(true);
  parent.kill("SIGKILL");
  while (runs(pid)) await new Promise((resolve) => setImmediate(resolve));
  expect(runs(pid)).toBe(false);
});
