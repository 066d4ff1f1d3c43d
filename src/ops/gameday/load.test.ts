// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are the placeholders of experiments and runbooks
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { UsageError } from "../failure.js";
import { experiment, type Files, PARTS, ScriptedWorld, workspaceOf } from "./game-day.fixture.js";
import { runGameDay } from "./game-day.js";

const { FAULT, HEALTH } = PARTS;
const world = () => new ScriptedWorld(() => 200);
const RUNBOOK = `---
owner: chat
metric: upstreams.openrouter
alert: chat-availability
commands:
  - id: diagnose
    run: [curl, -fsS, "\${SERVICE_URL}/ops/snapshot"]
levers:
  - { id: isolate, lever: breaker.isolate, target: "upstream:openrouter", reason: nonsense, for: 15m }
---
# The model fails
`;

async function failure(files: Files, options: Parameters<typeof runGameDay>[1] = {}, env = {}): Promise<string> {
  const { workspace } = await workspaceOf(files, env);
  const asked = world();
  try {
    await runGameDay(workspace, { world: asked, ...options });
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    // Nothing was begun.
    expect(asked.did).toEqual([]);
    return (error as UsageError).message.replaceAll(workspace.folder, "");
  }
  throw new Error("it was not refused");
}

const only = (other: object) => ({ "experiments/slow.json": experiment(other) });
const fault = (provider: object) => only({ method: [{ ...FAULT, provider: { ...FAULT.provider, ...provider } }] });
const reliability = (other: object) => only({ extensions: [{ name: "reliability", ...other }] });

describe("an experiment is refused", () => {
  it.each<[string, Files, RegExp]>([
    [
      "with a python provider",
      only({ method: [{ ...FAULT, provider: { type: "python", module: "chaosaws", func: "stop" } }] }),
      /slow\.json: method\[0\]\.provider: python providers are not run; use http or process/,
    ],
    ["with a reference", only({ method: [{ ref: "another" }] }), /method\[0\]\.ref: references are not followed/],
    [
      "with a vault's secret",
      only({ secrets: { shop: { t: { type: "vault", path: "x" } } } }),
      /secrets\.shop\.t: secrets of a vault/,
    ],
    ["without a title", only({ title: undefined }), /title: got nothing; expected string/],
    ["with a misspelt setting", only({ rollback: [] }), /rollback: there is no such setting/],
    [
      "with a hypothesis that tolerates anything",
      only({ "steady-state-hypothesis": { title: "x", probes: [{ ...HEALTH, tolerance: undefined }] } }),
      /probes\[0\]\.tolerance/,
    ],
    [
      "with a pattern that is none",
      only({
        "steady-state-hypothesis": { title: "x", probes: [{ ...HEALTH, tolerance: { type: "regex", pattern: "(" } }] },
      }),
      /pattern: got "\("; expected a regular expression/,
    ],
    [
      "with a path that is none",
      only({
        "steady-state-hypothesis": {
          title: "x",
          probes: [{ ...HEALTH, tolerance: { type: "jsonpath", path: "a b" } }],
        },
      }),
      /path: got "a b"; expected a JSONPath/,
    ],
    [
      "with a fault that stays",
      fault({ arguments: { kind: "reset" } }),
      /method\[0\] \(the model fails\): a fault needs arguments\.ttl/,
    ],
    [
      "with a fault that stays for hours",
      fault({ arguments: { kind: "reset", ttl: "2h" } }),
      /arguments\.ttl: got "2h"; expected at most "1h"/,
    ],
    [
      "with a time to live that is none",
      fault({ arguments: { kind: "reset", ttl: "soon" } }),
      /arguments\.ttl: got "soon"; expected a duration/,
    ],
    [
      "with a process that may run for ever",
      fault({ type: "process", path: "flood", url: undefined, method: undefined, headers: undefined, arguments: [] }),
      /a process that makes a fault needs a timeout/,
    ],
    [
      "with a process for a shell",
      only({
        method: [{ ...FAULT, provider: { type: "process", path: "sh", arguments: "-c 'rm x'; y", timeout: 1 } }],
      }),
      /arguments: .*expected a list: what a shell would have to read is not run/,
    ],
    [
      "with a name that has no value",
      fault({ url: "${admin}/faults" }),
      /\$\{admin\}: neither configuration nor secrets have that name/,
    ],
    [
      "with a variable that isn't set",
      only({ configuration: { admin: { type: "env", key: "ADMIN" } } }),
      /configuration\.admin: the environment has no variable ADMIN/,
    ],
    [
      "with a runbook that isn't there",
      { ...reliability({ runbook: "model" }), "runbooks/search.md": RUNBOOK },
      /runbook model: .*there are: search/,
    ],
    [
      "with a command that the runbook hasn't",
      { ...reliability({ runbook: "model", runbookCommands: ["mend"] }), "runbooks/model.md": RUNBOOK },
      /the runbook model has no command mend; there are: diagnose/,
    ],
    ["with a command of no runbook", reliability({ runbookCommands: ["mend"] }), /no runbook is named/],
    [
      "with a lever that the runbook hasn't",
      {
        ...reliability({ runbook: "model", runbookLevers: [{ id: "mend", probes: [HEALTH] }] }),
        "runbooks/model.md": RUNBOOK,
      },
      /runbookLevers: the runbook model has no lever mend; there are: isolate/,
    ],
    [
      "with a lever whose effect nobody looks at",
      {
        ...reliability({ runbook: "model", runbookLevers: [{ id: "isolate", probes: [] }] }),
        "runbooks/model.md": RUNBOOK,
      },
      /runbookLevers\[0\]\.probes/,
    ],
    ["with a misspelt extension", reliability({ ownr: "chat" }), /extensions\[0\]\.ownr: there is no such setting/],
    ["that is no JSON", { "experiments/slow.json": "{" }, /slow\.json: no JSON/],
    ["that is no YAML", { "experiments/slow.yaml": "a: [" }, /slow\.yaml: no YAML/],
    ["that is no experiment", { "experiments/slow.yaml": "- a" }, /slow\.yaml: expected an experiment/],
    ["where there is none", {}, /experiments: no experiments/],
  ])("%s", async (_, files, message) => {
    expect(await failure(files)).toMatch(message);
  });

  it("when its name was asked for and isn't there", async () => {
    expect(await failure(only({}), { experiments: ["fast*"] })).toBe("no experiment fast*; there are: slow");
  });

  it("when a runbook's command needs what isn't set", async () => {
    const runbook = RUNBOOK.replace("/ops/snapshot", "/${WHERE}");
    const files = { ...reliability({ runbook: "model", runbookCommands: ["diagnose"] }), "runbooks/model.md": runbook };
    expect(await failure(files)).toMatch(/the runbook's command diagnose needs WHERE in the environment/);
  });

  it("when a runbook's lever needs what isn't set", async () => {
    const runbook = RUNBOOK.replace("reason:", 'args: { key: "${WHO}" }, reason:');
    const runbookLevers = [{ id: "isolate", probes: [HEALTH] }];
    const files = { ...reliability({ runbook: "model", runbookLevers }), "runbooks/model.md": runbook };
    expect(await failure(files)).toMatch(/the runbook's lever isolate needs WHO in the environment/);
  });

  it("when it runs programs, and they may not be run", async () => {
    const flood = { type: "process", path: "flood", timeout: 5 };
    const files = only({ method: [{ ...FAULT, provider: flood }] });
    expect(await failure(files, { allowProcess: false })).toMatch(/the model fails runs a program/);
    const runbook = {
      ...reliability({ runbook: "model", runbookCommands: ["diagnose"] }),
      "runbooks/model.md": RUNBOOK,
    };
    expect(await failure(runbook, { allowProcess: false })).toMatch(/the runbook's diagnose is a program/);
  });
});

describe("an experiment is read", () => {
  it("from the documentation", async () => {
    const page = await readFile(new URL("../../../docs/gameday.md", import.meta.url), "utf8");
    const shown = /^```json\n([\s\S]*?)^```$/m.exec(page)?.[1] ?? "";
    const runbook = await readFile(new URL("../../../docs/runbooks/serper-down.md", import.meta.url), "utf8");
    const env = { SERVICE_URL: "http://shop.test", SERPER_ADMIN: "http://admin.test", SESSION_TOKEN: "a session" };
    const { workspace } = await workspaceOf(
      { "experiments/search.json": shown, "runbooks/serper-down.md": runbook },
      { ...env, OPERATOR_TOKEN: "an operator" },
    );
    const { data } = await runGameDay(workspace, { world: world(), dryRun: true });
    expect(data.experiments[0]).toMatchObject({ title: "The search fails", outcome: { owner: "search" }, notes: [] });
  });

  const names = async (files: Files, wanted?: string[]) => {
    const { workspace } = await workspaceOf(files);
    const { data } = await runGameDay(workspace, { world: world(), ...(wanted && { experiments: wanted }) });
    return data.experiments.map(({ name }) => name);
  };

  it("from JSON and YAML, in the order of names, or those that were asked for", async () => {
    const yaml = `
title: The search fails
description: It is done without.
steady-state-hypothesis:
  title: It answers
  probes:
    - { type: probe, name: it answers, tolerance: 200, provider: { type: http, url: "http://shop.test/healthz" } }
method: []
`;
    const files = { "experiments/b.json": experiment(), "experiments/a.yaml": yaml, "experiments/readme.txt": "" };
    expect(await names(files)).toEqual(["a", "b"]);
    expect(await names(files, ["b"])).toEqual(["b"]);
    expect(await names(files, ["*", "a"])).toEqual(["a", "b"]);
  });

  it("with a fault that stays, when it says why", async () => {
    const method = [{ ...FAULT, provider: { ...FAULT.provider, arguments: { kind: "reset" } } }];
    const extensions = [{ name: "reliability", withoutTtl: { [FAULT.name]: "the stand-in ends with the run" } }];
    expect(await names(only({ method, extensions }))).toEqual(["slow"]);
  });

  it("and skipped, where it needs what isn't there", async () => {
    const { workspace } = await workspaceOf(reliability({ needs: ["REDIS_URL"], owner: "platform" }));
    const asked = world();
    const { verdict, checks, data } = await runGameDay(workspace, { world: asked });
    expect([verdict, asked.did]).toEqual(["skipped", []]);
    expect(checks).toMatchObject([
      { id: "gameday:slow", verdict: "skipped", reason: "needs REDIS_URL", owner: "platform" },
    ]);
    expect(data.experiments[0]).toMatchObject({ journal: null, skipped: "needs REDIS_URL" });
  });
});
