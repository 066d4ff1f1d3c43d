import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Libsql from "libsql";
import { expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { createKit } from "../../src/index.js";
import { sqliteStore } from "../../src/stores/sqlite/index.js";

const script = fileURLToPath(new URL("./process.ts", import.meta.url));

function database() {
  const folder = mkdtempSync(join(tmpdir(), "keelson-sqlite-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "state.db");
}

/** Another process on a database. */
function start(...args: string[]): ChildProcess & { readonly said: () => string; readonly ended: Promise<void> } {
  const child = spawn(process.execPath, ["--import", "tsx", script, ...args], { stdio: ["pipe", "pipe", "inherit"] });
  let said = "";
  child.stdout.on("data", (text) => {
    said += String(text);
  });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  onTestFinished(() => void child.kill("SIGKILL"));
  return Object.assign(child, { said: () => said, ended });
}

it("holds one limit for several processes", async () => {
  const path = database();
  const all = [start("limit", path, "400"), start("limit", path, "400"), start("limit", path, "400")];
  await Promise.all(all.map(({ ended }) => ended));
  expect(all.reduce((sum, { said }) => sum + Number(said()), 0)).toBe(500);
}, 60_000);

it("loses no job and no answer when workers are killed", async () => {
  const path = database();
  const db = new Libsql(path);
  const kit = createKit({ service: "shop", store: sqliteStore(db as never, { busyTimeout: "10s" }) });
  const work = kit.job({ input: z.object({ i: z.number() }), output: z.number() });
  const tools = kit.queue("tools", { lease: "1s", attempts: 1_000, jobs: { work } });
  const numbers = Array.from({ length: 300 }, (_, i) => i);
  await tools.enqueueMany(numbers.map((i) => ({ tool: "work" as const, input: { i }, id: `${i}` })));
  // Each has done some, and holds some, when it dies.
  for (let round = 0; round < 3; round++) {
    const worker = start("work", path);
    while (worker.said().split("\n").length < 40) await new Promise((resolve) => worker.stdout?.once("data", resolve));
    worker.kill("SIGKILL");
    await worker.ended;
    expect(db.prepare("PRAGMA integrity_check").get()).toMatchObject({ integrity_check: "ok" });
  }
  const last = start("work", path);
  const results = numbers.map((i) => tools.enqueueAndWait("work", { i }, { id: `${i}`, wait: "60s" }));
  expect(await Promise.all(results)).toEqual(numbers);
  const jobs = await Promise.all(numbers.map((i) => tools.get(`${i}`)));
  expect(jobs.some((job) => (job?.attempt ?? 0) > 1)).toBe(true);
  last.stdin?.end();
  await last.ended;
  await kit.close();
  db.close();
}, 60_000);
