// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are the placeholders of runbooks
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { query } from "json-p3";
import {
  commandText,
  main,
  parseRunbook,
  pullCommand,
  type Runbook,
  releaseCommand,
  runRunbookCommand,
  shownCommands,
  silentIo,
} from "keelson/ops";
import { snapshotSchema } from "keelson/schema";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { NOTICE_RULES } from "../../../src/sinks/notices.js";
import { openTheatre, type Theatre } from "../reliability/theatre.js";
import { endpoints, upstreams } from "../service/objectives.js";
import { CONFIG } from "./game-day.js";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const RUNBOOKS = `${ROOT}docs/runbooks/`;
const EXPERIMENTS = fileURLToPath(new URL("../reliability/experiments/", import.meta.url));
/** Situations that no fault brings about: their commands are run here. */
const BY_TEST = ["canary-rollback", "release-blocked"];
/** Levers lie in the store, and there it is the store that fails. */
const WITHOUT_LEVERS = ["redis-gone", "store-degraded"];
const SECTIONS = ["Symptoms", "Diagnosis", "Mitigation", "Verification", "Rollback"];

const extensionSchema = z.object({
  owner: z.string(),
  runbook: z.string(),
  metric: z.string(),
  alert: z.string(),
  runbookCommands: z.array(z.string()),
  runbookLevers: z.array(z.object({ id: z.string() })).default([]),
  detection: z.object({ probes: z.array(z.unknown()).min(1) }),
});

async function readRunbooks(): Promise<Runbook[]> {
  const files = (await readdir(RUNBOOKS)).filter((file) => file.endsWith(".md") && file !== "README.md");
  return Promise.all(files.map(async (file) => parseRunbook(await readFile(RUNBOOKS + file, "utf8"), file)));
}

async function readExtensions(): Promise<z.infer<typeof extensionSchema>[]> {
  const files = await readdir(EXPERIMENTS);
  return Promise.all(
    files.map(async (file) =>
      extensionSchema.parse(JSON.parse(await readFile(EXPERIMENTS + file, "utf8")).extensions[0]),
    ),
  );
}

/** What a text has between backticks, outside of its blocks. */
function inlineCode(body: string): string[] {
  return [...body.replace(/^```[\s\S]*?^```$/gm, "").matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);
}

/** The text of one section; empty where there is none. */
function sectionOf(body: string, name: string): string {
  return new RegExp(`^## ${name}\n([\\s\\S]*?)(?=^## |$(?![\\s\\S]))`, "m").exec(body)?.[1] ?? "";
}

const runbooks = await readRunbooks();
const extensions = await readExtensions();

describe("a runbook's text", () => {
  it("has all that somebody needs who is woken by the alert", () => {
    for (const { name, owner, metric, alert, body, levers } of runbooks) {
      expect([owner, metric, alert], name).not.toContain("");
      for (const section of SECTIONS) expect(sectionOf(body, section).trim(), `${name}: ${section}`).not.toBe("");
      const shown = (section: string) => shownCommands(sectionOf(body, section));
      for (const section of ["Diagnosis", "Verification"])
        expect(shown(section), `${name}: ${section}`).not.toEqual([]);
      expect(shown("Mitigation").sort(), name).toEqual(
        levers.map((one) => commandText({ run: pullCommand(one) })).sort(),
      );
      const lasting = levers.filter((one) => one.for !== undefined);
      expect(shown("Rollback").sort(), name).toEqual(
        lasting.map((one) => commandText({ run: releaseCommand(one) })).sort(),
      );
      if (WITHOUT_LEVERS.includes(name)) {
        expect(levers, name).toEqual([]);
        expect(sectionOf(body, "Mitigation"), name).toMatch(/levers?\b/i);
      } else expect(lasting, name).not.toEqual([]);
    }
  });

  it("shows the commands that are run, and no others", () => {
    for (const { name, commands, body } of runbooks) {
      const shown = shownCommands(sectionOf(body, "Diagnosis") + sectionOf(body, "Verification"));
      expect(shown.sort(), name).toEqual(commands.map(commandText).sort());
      expect(shownCommands(sectionOf(body, "Symptoms")), name).toEqual([]);
    }
  });

  it("is in the index, with its alert and owner", async () => {
    const index = await readFile(`${RUNBOOKS}README.md`, "utf8");
    for (const { name, alert, owner } of runbooks)
      expect(index).toMatch(new RegExp(`\\(${name}\\.md\\) \\| \`${alert}\` \\| ${owner} \\|`));
  });
});

describe("a runbook is exercised", () => {
  it("every command and every lever of it, by an experiment or a test", () => {
    for (const { name, commands, levers } of runbooks) {
      const led = extensions.filter(({ runbook }) => runbook === name);
      const ids = commands.map(({ id }) => id).sort();
      if (BY_TEST.includes(name)) {
        expect([led, ids.length > 0], name).toEqual([[], true]);
        continue;
      }
      expect([...new Set(led.flatMap(({ runbookCommands }) => runbookCommands))].sort(), name).toEqual(ids);
      const pulled = led.flatMap(({ runbookLevers }) => runbookLevers.map(({ id }) => id));
      expect([...new Set(pulled)].sort(), name).toEqual(levers.map(({ id }) => id).sort());
    }
  });

  it("by an experiment with its owner, metric and alert", () => {
    for (const { owner, metric, alert, runbook } of extensions)
      expect(runbooks.find(({ name }) => name === runbook)).toMatchObject({ owner, metric, alert });
  });
});

describe("what the runbooks name", () => {
  let theatre: Theatre;
  let snapshot: Record<string, Record<string, unknown>>;
  beforeAll(async () => {
    theatre = await openTheatre({ redis: false });
    const headers = { authorization: `Bearer ${theatre.env.OPERATOR_TOKEN}` };
    const response = await fetch(`${theatre.url}/ops/snapshot`, { headers });
    snapshot = snapshotSchema.parse(await response.json()) as unknown as typeof snapshot;
  }, 60_000);
  afterAll(() => theatre.close());

  it("are alerts that there are, and each objective's alerts lead to a runbook of its owner", async () => {
    const artefact = JSON.parse(await readFile(`${ROOT}schemas/artefact.schema.json`, "utf8")).properties;
    const kinds = NOTICE_RULES.filter(({ alert }) => alert).map(({ kind }) => kind);
    /** Of what part of the snapshot those are that a kind of notice is about. */
    const about: Readonly<Record<string, string>> = { breaker: "upstreams", store: "limiters", job: "queues" };
    const objectives = Object.keys(snapshot.objectives ?? {});
    for (const { name, alert } of runbooks) {
      if (objectives.includes(alert)) continue;
      const [kind = "", what = ""] = alert.split(":");
      if (kinds.includes(kind))
        expect(Object.keys(snapshot[about[kind.split(".")[0] ?? ""] ?? ""] ?? {})).toContain(what);
      else
        expect([artefact.kind.enum.includes(kind), artefact.verdict.enum.includes(what)], name).toEqual([true, true]);
    }
    const promised = [...Object.values(endpoints), ...Object.values(upstreams)];
    expect(promised.length).toBeGreaterThan(5);
    for (const { owner, runbook } of promised)
      expect(runbooks.map((one) => [`docs/runbooks/${one.name}.md`, one.owner])).toContainEqual([runbook, owner]);
  });

  it("are metrics of the snapshot", () => {
    const parts = Object.keys(snapshot).join("|");
    for (const { name, metric, body } of runbooks) {
      const inline = inlineCode(body).filter((code) => new RegExp(`^(?:${parts})(?:\\.[\\w*-]+)+$`).test(code));
      for (const path of [metric, ...inline.map((code) => `$.${code}`)])
        expect(query(path, snapshot as never).values(), `${name}: ${path}`).not.toEqual([]);
    }
  });

  it("are knobs and levers of the service", async () => {
    const response = await fetch(`${theatre.url}/operator/levers`, {
      headers: { authorization: `Bearer ${theatre.env.OPERATOR_TOKEN}` },
    });
    const { catalogue } = (await response.json()) as { catalogue: { lever: string; targets: string[] }[] };
    const there = catalogue.flatMap(({ lever, targets }) => targets.map((target) => `${lever} ${target}`));
    const families = [...new Set(catalogue.map(({ lever }) => lever.split(".")[0]))].join("|");
    const environment = [...Object.keys(snapshot.knobs ?? {}), "SERVICE_URL"];
    for (const { name, levers, body } of runbooks) {
      for (const { lever, target } of levers) expect(there, name).toContain(`${lever} ${target}`);
      const inline = inlineCode(body);
      for (const code of inline.filter((one) => new RegExp(`^(?:${families})\\.[a-z-]+$`).test(one)))
        expect(
          catalogue.map(({ lever }) => lever),
          name,
        ).toContain(code);
      for (const code of inline.filter((one) => /^[A-Z]+(?:_[A-Z]+)+$/.test(one)))
        expect(environment, name).toContain(code);
    }
  });

  it("are levers that can be pulled and taken back by hand, as the text shows it", { timeout: 60_000 }, async () => {
    const out: string[] = [];
    const io = silentIo({ cwd: ROOT, out: (line) => void out.push(line), err: (line) => void out.push(line) });
    const typed = async (run: readonly string[]) => {
      const [program, ...args] = run.map((part) => part.replace("${BLOCKED_ADDRESS}", "192.0.2.66"));
      expect(program).toBe("keelson");
      expect(await main([...args, "--config", CONFIG, "--target", theatre.url], io), out.at(-1)).toBe(0);
    };
    for (const { levers } of runbooks)
      for (const lever of levers) {
        await typed(pullCommand(lever));
        expect(out.at(-1)).toContain(`by operator: ${lever.reason}`);
        if (lever.for === undefined) continue;
        await typed(releaseCommand(lever));
        expect(out.at(-1)).toContain(`taken back: ${lever.lever} ${lever.target}`);
      }
    await typed(["keelson", "operate", "list"]);
    expect(out.slice(out.indexOf("In effect")).slice(0, 2)).toEqual(["In effect", "  nothing"]);
  });

  it("are commands that do what they say, also where no experiment exercises them", async () => {
    const env = { PATH: process.env.PATH, ...theatre.env };
    const results = await Promise.all(
      runbooks
        .filter(({ name }) => BY_TEST.includes(name))
        .flatMap(({ name, commands }) =>
          commands.map(async (command) => {
            const { passed, reason } = await runRunbookCommand(command, { env, cwd: RUNBOOKS });
            return passed ? "passed" : `${name} ${command.id}: ${reason}`;
          }),
        ),
    );
    expect(results).toEqual(results.map(() => "passed"));
    expect(results.length).toBeGreaterThan(5);
  });
});
