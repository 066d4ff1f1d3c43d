import { runGameDay } from "keelson/ops";
import { expect, it, onTestFinished } from "vitest";
import { openTheatre } from "../reliability/theatre.js";
import { complaints, workspaceAt } from "./game-day.js";

it("the service holds its steady state in every experiment, and recovers", { timeout: 120_000 }, async () => {
  const theatre = await openTheatre({ redis: false });
  onTestFinished(() => theatre.close());
  const artefact = await runGameDay(await workspaceAt(theatre));
  expect(complaints(artefact)).toEqual([]);
  const { experiments } = artefact.data;
  expect(experiments.filter(({ skipped }) => skipped === null).length).toBeGreaterThanOrEqual(6);
  for (const { name, skipped, outcome, journal } of experiments) {
    if (skipped !== null) {
      expect(skipped, name).toBe("needs REDIS_ADMIN");
      continue;
    }
    expect(outcome, name).toMatchObject({ hypothesisHeld: true, detected: true, recovered: true });
    // Levers of the runbook were pulled by somebody, did what they are for, and are over.
    expect(outcome.levers, name).not.toEqual([]);
    for (const lever of outcome.levers) {
      expect(lever, name).toMatchObject({ by: "operator", effective: true });
      expect(lever.endedAt === null, `${name}: ${lever.lever}`).toBe(lever.expiresAt === null);
      expect(journal?.run.map(({ activity }) => activity.name)).toContain(`${lever.lever} on ${lever.target}`);
    }
  }
  const headers = { authorization: `Bearer ${theatre.env.OPERATOR_TOKEN}` };
  expect(await (await fetch(`${theatre.url}/operator/levers`, { headers })).json()).toMatchObject({ active: [] });
  for (const secret of [theatre.env.OPERATOR_TOKEN, theatre.env.SESSION_TOKEN, theatre.env.WHATSAPP_VERIFY_TOKEN])
    expect(JSON.stringify(artefact)).not.toContain(secret);
});
