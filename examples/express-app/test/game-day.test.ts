import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { query } from "json-p3";
import { commandText, parseRunbook, type Runbook, runGameDay, runRunbookCommand, shownCommands } from "keelson/ops";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openTheatre, type Theatre } from "../reliability/theatre.js";
import { complaints, workspaceAt } from "./game-day.js";

const RUNBOOKS = fileURLToPath(new URL("../../../docs/runbooks/", import.meta.url));
const EXPERIMENTS = fileURLToPath(new URL("../reliability/experiments/", import.meta.url));
/** Situations that no fault brings about: their commands are run here. */
const BY_TEST = ["canary-rollback", "release-blocked"];

async function runbooks(): Promise<Runbook[]> {
  const files = (await readdir(RUNBOOKS)).filter((file) => file.endsWith(".md") && file !== "README.md");
  return Promise.all(files.map(async (file) => parseRunbook(await readFile(RUNBOOKS + file, "utf8"), file)));
}

interface Extension {
  readonly owner: string;
  readonly runbook: string;
  readonly metric: string;
  readonly alert: string;
  readonly runbookCommands: readonly string[];
  readonly detection?: object;
}

async function extensions(): Promise<Extension[]> {
  const files = await readdir(EXPERIMENTS);
  return Promise.all(
    files.map(async (file) => JSON.parse(await readFile(EXPERIMENTS + file, "utf8")).extensions[0] as Extension),
  );
}

describe("the example, with everything up", () => {
  let theatre: Theatre;
  beforeAll(async () => {
    theatre = await openTheatre({ redis: false });
  }, 60_000);
  afterAll(() => theatre.close());

  it("holds its steady state in every experiment, and recovers", { timeout: 120_000 }, async () => {
    const workspace = await workspaceAt(theatre);
    const artefact = await runGameDay(workspace);
    expect(complaints(artefact)).toEqual([]);
    const { experiments } = artefact.data;
    expect(experiments.filter(({ skipped }) => skipped === null).length).toBeGreaterThanOrEqual(6);
    for (const { name, skipped, outcome } of experiments) {
      if (skipped !== null) expect(skipped, name).toBe("needs REDIS_ADMIN");
      else expect(outcome, name).toMatchObject({ hypothesisHeld: true, detected: true, recovered: true });
    }
    for (const secret of [theatre.env.OPERATOR_TOKEN, theatre.env.SESSION_TOKEN, theatre.env.WHATSAPP_VERIFY_TOKEN])
      expect(JSON.stringify(artefact)).not.toContain(secret);
  });

  it("does what the runbooks say that no experiment exercises", async () => {
    const run = (await runbooks()).filter(({ name }) => BY_TEST.includes(name));
    const env = { PATH: process.env.PATH, ...theatre.env };
    const results = await Promise.all(
      run.flatMap(({ name, commands }) =>
        commands.map(async (command) => {
          const { passed, reason } = await runRunbookCommand(command, { env, cwd: RUNBOOKS });
          return passed ? "passed" : `${name} ${command.id}: ${reason}`;
        }),
      ),
    );
    expect(results).toEqual(results.map(() => "passed"));
    expect(results.length).toBeGreaterThan(5);
  });

  it("has every metric that runbooks name", async () => {
    const headers = { authorization: `Bearer ${theatre.env.OPERATOR_TOKEN}` };
    const snapshot = await (await fetch(`${theatre.env.SERVICE_URL}/ops/snapshot`, { headers })).json();
    for (const { name, metric } of await runbooks())
      expect(query(metric, snapshot).values(), `${name}: ${metric}`).not.toEqual([]);
  });
});

describe("a runbook", () => {
  it("shows the commands that are run, and no others", async () => {
    for (const { name, commands, body } of await runbooks())
      expect(shownCommands(body).sort(), name).toEqual(commands.map(commandText).sort());
  });

  it("is exercised, every command of it, by an experiment or a test", async () => {
    const all = await extensions();
    for (const { name, commands } of await runbooks()) {
      const run = all.filter(({ runbook }) => runbook === name).flatMap(({ runbookCommands }) => runbookCommands);
      const ids = commands.map(({ id }) => id);
      if (BY_TEST.includes(name)) expect(ids, name).not.toEqual([]);
      else expect([...new Set(run)].sort(), name).toEqual(ids.sort());
    }
  });

  it("has the owner, metric and alert of the experiment that leads to it, which looks for the alert", async () => {
    const byName = new Map((await runbooks()).map((runbook) => [runbook.name, runbook]));
    const all = await extensions();
    for (const { owner, metric, alert, runbook, detection } of all) {
      expect(byName.get(runbook)).toMatchObject({ owner, metric, alert });
      expect(detection).toBeDefined();
    }
    const exercised = new Set(all.map(({ runbook }) => runbook));
    expect([...byName.keys()].filter((name) => !exercised.has(name)).sort()).toEqual(BY_TEST);
  });

  it("is in the index, with its alert and owner", async () => {
    const index = await readFile(`${RUNBOOKS}README.md`, "utf8");
    for (const { name, alert, owner } of await runbooks())
      expect(index).toMatch(new RegExp(`\\(${name}\\.md\\) \\| \`${alert}\` \\| ${owner} \\|`));
  });
});
