import { fileURLToPath } from "node:url";
import { openWorkspace, runGameDay } from "keelson/ops";
import { expect, it, onTestFinished } from "vitest";
import { openTheatre } from "../reliability/theatre.js";

const CONFIG = fileURLToPath(new URL("../reliability/game-day.config.json", import.meta.url));

it("the app holds its steady state in every experiment, and recovers", { timeout: 180_000 }, async () => {
  const { env, close } = await openTheatre();
  onTestFinished(close);
  const io = {
    cwd: process.cwd(),
    env: { PATH: process.env.PATH, ...env },
    out: () => undefined,
    err: () => undefined,
    colour: false,
    live: false,
    status: () => undefined,
    now: () => new Date(),
    signal: new AbortController().signal,
  };
  const workspace = await openWorkspace(io, { config: CONFIG, target: env.SERVICE_URL ?? "" });
  const { checks, data } = await runGameDay(workspace);
  expect(checks.filter(({ verdict }) => verdict !== "pass").map(({ id, reason }) => `${id}: ${reason}`)).toEqual([]);
  expect(data.experiments.map(({ name }) => name)).toEqual([
    "gmail-oauth-failing",
    "llm-slow",
    "queue-saturated",
    "search-down",
    "webhook-flood",
  ]);
});
