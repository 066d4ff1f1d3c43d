import { fileURLToPath } from "node:url";
import { query } from "json-p3";
import { openWorkspace, runGameDay, silentIo } from "keelson/ops";
import { expect, it, onTestFinished } from "vitest";
import { openTheatre } from "../reliability/theatre.js";

const CONFIG = fileURLToPath(new URL("../reliability/game-day.config.json", import.meta.url));

it("the app holds its steady state in every experiment, and recovers", { timeout: 180_000 }, async () => {
  const { env, url, close } = await openTheatre();
  onTestFinished(close);
  const io = silentIo({ env: { PATH: process.env.PATH, ...env } });
  const workspace = await openWorkspace(io, { config: CONFIG, target: url });
  const { checks, data } = await runGameDay(workspace);
  expect(checks.filter(({ verdict }) => verdict !== "pass").map(({ id, reason }) => `${id}: ${reason}`)).toEqual([]);
  expect(data.experiments.map(({ name }) => name)).toEqual([
    "gmail-oauth-failing",
    "llm-slow",
    "queue-saturated",
    "search-down",
    "webhook-flood",
  ]);

  // What they say shows it is there, and the app raises an alert of that name, where it raises one.
  const response = await fetch(`${url}/api/query`, {
    method: "POST",
    headers: { authorization: `Bearer ${env.OPERATOR_TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify({ path: "ops:getReliabilitySnapshot", args: {} }),
  });
  const { value } = (await response.json()) as { readonly value: { readonly upstreams: object } };
  const alerts = ["none", ...Object.keys(value.upstreams).map((name) => `breaker:${name}`)];
  for (const { name, outcome } of data.experiments) {
    expect(query(outcome.metric ?? "", value as never).values(), `${name}: ${outcome.metric}`).not.toEqual([]);
    expect(alerts, name).toContain(outcome.expectedAlert);
  }
});
