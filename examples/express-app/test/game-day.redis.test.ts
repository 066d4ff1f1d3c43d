import { runGameDay } from "keelson/ops";
import { expect, it, onTestFinished } from "vitest";
import { redisUrl } from "../../../test/redis/inject.js";
import { openTheatre } from "../reliability/theatre.js";
import { complaints, workspaceAt } from "./game-day.js";

it("holds while Redis is gone, while it is slow, and while the queue in it is full", { timeout: 120_000 }, async () => {
  const theatre = await openTheatre({ redis: redisUrl() });
  onTestFinished(() => theatre.close());
  const artefact = await runGameDay(await workspaceAt(theatre), { experiments: ["redis-*", "digest-*"] });
  expect(complaints(artefact)).toEqual([]);
  expect(artefact.data.experiments.map(({ name, outcome }) => [name, outcome.detected, outcome.recovered])).toEqual([
    ["digest-queue-saturated", true, true],
    ["redis-gone", true, true],
    ["redis-slow", true, true],
  ]);
  const [queue] = artefact.data.experiments;
  // Through Redis: the second lever on the queue takes the first one's place.
  expect(queue?.outcome.levers.map(({ lever, ended }) => [lever, ended])).toEqual([
    ["knob.set", "released"],
    ["queue.pause", "superseded"],
    ["queue.drain", "released"],
    ["queue.requeue-dead", null],
  ]);
});
