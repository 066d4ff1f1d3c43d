import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { faultyUpstream, ManualClock } from "keelson/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { exitCodeOf } from "../verdict.js";
import { experiment, type Made, PARTS, type Script, ScriptedWorld, workspaceOf } from "./game-day.fixture.js";
import { type GameDayOptions, runGameDay } from "./game-day.js";

const { HEAL, FAULT, HEALTH } = PARTS;
const LOOK = "GET http://shop.test/healthz";
const BREAK = "POST http://admin.test/faults";
const MEND = "DELETE http://admin.test/faults";
const RUNBOOK = `---
owner: chat
metric: upstreams.openrouter
alert: chat-availability
commands:
  - { id: diagnose, run: [look] }
  - { id: verify, run: [check], when: after }
---
# The model fails
`;

/** A service that is well, and an admin port that does what it is told. */
const well: Script = (asked) => (asked === BREAK ? 201 : 200);

async function play(script: Script, other: object = {}, options: Partial<GameDayOptions> = {}, made?: Made) {
  const files = { "experiments/slow.json": experiment(other), "runbooks/model.md": RUNBOOK };
  const { workspace } = made ?? (await workspaceOf(files));
  const world = options.world === undefined ? new ScriptedWorld(script) : (options.world as ScriptedWorld);
  const artefact = await runGameDay(workspace, { ...options, world });
  const [run] = artefact.data.experiments;
  if (run === undefined) throw new Error("nothing was run");
  const check = (part: string) => artefact.checks.find(({ id }) => id === `gameday:slow:${part}`);
  return { artefact, run, world, check, did: world.did };
}

describe("a game day", () => {
  it("looks, breaks, looks, mends, and looks again", async () => {
    const { artefact, run, did } = await play(well, {
      extensions: [{ name: "reliability", owner: "chat", metric: "availability", alert: "burn", runbook: "model" }],
    });
    expect(did).toEqual([LOOK, BREAK, LOOK, MEND, LOOK]);
    expect(artefact).toMatchObject({ kind: "game-day", verdict: "pass", data: { rollbacks: "file", dryRun: false } });
    expect(Object.keys(run.journal ?? {})).toEqual(
      "experiment,status,start,end,duration,deviated,steady_states,run,rollbacks".split(","),
    );
    expect(run.journal).toMatchObject({ status: "completed", deviated: false });
    expect(run.outcome).toEqual({
      owner: "chat",
      runbook: "model",
      metric: "availability",
      expectedAlert: "burn",
      hypothesisHeld: true,
      detected: null,
      detectedMs: null,
      rolledBack: true,
      recovered: true,
      recoveredMs: 0,
      levers: [],
    });
    expect(artefact.checks.map(({ id, verdict, owner, runbook }) => [id, verdict, owner, runbook])).toEqual(
      ["steady-state", "rollback", "recovery"].map((part) => [
        `gameday:slow:${part}`,
        "pass",
        "chat",
        "runbooks/model.md",
      ]),
    );
  });

  it("sends a fault as Chaos Toolkit would", async () => {
    const { world } = await play(well);
    expect(world.sent[1]).toMatchObject({
      headers: { "content-type": "application/json" },
      body: '{"kind":"status","status":503,"ttl":"60s"}',
    });
  });

  it("breaks nothing that is broken already", async () => {
    const { did, run, artefact, check } = await play(() => 500);
    expect(did).toEqual([LOOK]);
    expect(run.journal).toMatchObject({ status: "failed", deviated: false, run: [], rollbacks: [] });
    expect(check("steady-state")?.reason).toBe("not even before the fault: the service answers: got 500, expected 200");
    expect(exitCodeOf(artefact.verdict)).toBe(1);
  });

  it("does nothing in a dry run, and says what it would do", async () => {
    const { did, artefact, run } = await play(well, {}, { dryRun: true });
    expect([did, artefact.verdict]).toEqual([[], "skipped"]);
    expect(run.journal?.run[0]).toMatchObject({ activity: { name: "the model fails" }, output: null });
  });
});

describe("what was broken is mended", () => {
  const broken = (other: (asked: string) => ReturnType<Script> | undefined): Script => {
    let isBroken = false;
    return (asked, sent) => {
      if (asked === BREAK) isBroken = true;
      if (asked === MEND) isBroken = false;
      return (isBroken ? other(asked) : undefined) ?? well(asked, sent);
    };
  };
  const probe = { ...HEALTH, name: "a look meanwhile", provider: { ...HEALTH.provider, url: "http://shop.test/x" } };
  const extensions = [{ name: "reliability", runbook: "model", runbookCommands: ["diagnose", "verify"] }];
  const throwing: Script = broken((asked) => {
    if (asked === LOOK) throw new Error("a mistake of ours");
    return undefined;
  });

  it.each<[string, Script, object, string, string]>([
    ["the fault was refused", broken((asked) => (asked === BREAK ? 400 : undefined)), {}, "aborted", "error"],
    ["nobody answered the fault", broken((asked) => (asked === BREAK ? "gone" : undefined)), {}, "aborted", "error"],
    ["the steady state no longer held", broken((asked) => (asked === LOOK ? 503 : undefined)), {}, "failed", "fail"],
    ["the service was gone", broken((asked) => (asked === LOOK ? "gone" : undefined)), {}, "failed", "fail"],
    [
      "a probe of the method failed",
      broken((asked) => (asked.endsWith("/x") ? "gone" : undefined)),
      { method: [FAULT, probe] },
      "completed",
      "pass",
    ],
    [
      "a second fault failed",
      broken((asked) => (asked.endsWith("/more") ? 500 : undefined)),
      { method: [FAULT, { ...FAULT, name: "more", provider: { ...FAULT.provider, url: "http://admin.test/more" } }] },
      "aborted",
      "error",
    ],
    [
      "the alert did not see it",
      well,
      { extensions: [{ name: "reliability", detection: { within: 1, probes: [{ ...HEALTH, tolerance: 503 }] } }] },
      "completed",
      "fail",
    ],
    ["this tool made a mistake", throwing, {}, "aborted", "error"],
  ])("when %s", async (_, script, other, status, verdict) => {
    const { did, run, artefact } = await play(script, other);
    const mended = did.indexOf(MEND);
    expect(mended).toBeGreaterThan(did.indexOf(BREAK));
    expect(did.indexOf(LOOK, mended)).toBeGreaterThan(mended);
    expect([run.journal?.status, artefact.verdict]).toEqual([status, verdict]);
    expect(run.outcome).toMatchObject({ rolledBack: true, recovered: true });
  });

  it("when a command of the runbook failed; those for afterwards are still run", async () => {
    const world = new ScriptedWorld(well, ({ program }) => (program === "look" ? { code: 7 } : {}));
    const { did, check, artefact } = await play(well, { extensions }, { world });
    expect(did).toEqual([LOOK, BREAK, "look", LOOK, MEND, LOOK, "check"]);
    expect([check("runbook:diagnose"), check("runbook:verify")]).toMatchObject([
      { verdict: "fail", reason: "exit: got 7, expected 0", observed: 7 },
      { verdict: "pass" },
    ]);
    expect(artefact.verdict).toBe("fail");
  });

  it("as far as it can be: one rollback that fails doesn't keep the others from being made, and is a failure", async () => {
    const first = { ...HEAL, name: "first", provider: { ...HEAL.provider, url: "http://admin.test/gone" } };
    const script: Script = (asked, sent) => (asked.endsWith("/gone") ? 404 : well(asked, sent));
    const { did, check, artefact } = await play(script, { rollbacks: [first, HEAL] });
    expect(did.slice(-3)).toEqual(["DELETE http://admin.test/gone", MEND, LOOK]);
    expect(check("rollback")).toMatchObject({
      verdict: "fail",
      reason: "first: status: got 404; it goes by itself when its time is up",
    });
    expect(exitCodeOf(artefact.verdict)).toBe(1);
  });

  it.each<["never" | "deviated" | "always", boolean, boolean]>([
    ["never", true, false],
    ["deviated", false, false],
    ["deviated", true, true],
    ["always", false, true],
  ])("by the strategy %s, when the service failed: %s", async (rollbacks, fails, mends) => {
    const script = broken((asked) => (asked === LOOK && fails ? 503 : undefined));
    const byOption = await play(script, {}, { rollbacks });
    expect([byOption.did.includes(MEND), byOption.run.outcome.recovered !== null]).toEqual([mends, mends]);
    const byFile = await play(script, { runtime: { rollbacks: { strategy: rollbacks } } });
    expect(byFile.did.includes(MEND)).toBe(mends);
  });
});

describe("after the rollbacks", () => {
  /** Well until it is broken; after the mending it takes a while. */
  const slowly = (looks: number): Script => {
    let left = Infinity;
    return (asked, sent) => {
      if (asked === MEND) left = looks;
      if (asked === LOOK && left !== Infinity && left-- > 0) return 503;
      return well(asked, sent);
    };
  };

  it("the steady state is looked at until it is back", async () => {
    const { run, check } = await play(slowly(3));
    expect(run.outcome).toMatchObject({ hypothesisHeld: true, recovered: true, recoveredMs: 750 });
    expect(check("recovery")).toMatchObject({ verdict: "pass", observed: 750, threshold: 30_000 });
  });

  it("… and what else recovery asks for", async () => {
    const closed = {
      ...HEALTH,
      name: "the breaker is closed",
      provider: { type: "http", url: "http://shop.test/ops" },
    };
    const recovery = { within: 2, probes: [closed] };
    const script: Script = (asked, sent) => (asked.endsWith("/ops") ? 503 : well(asked, sent));
    const { run, check, artefact } = await play(script, { extensions: [{ name: "reliability", recovery }] });
    expect(run.outcome).toMatchObject({ recovered: false, recoveredMs: null });
    expect(check("recovery")).toMatchObject({
      verdict: "fail",
      threshold: 2000,
      reason: "the breaker is closed: got 503, expected 200",
    });
    expect(exitCodeOf(artefact.verdict)).toBe(1);
  });

  it("a steady state that doesn't come back fails the game day, though it held while the fault was on", async () => {
    const { run, artefact, check } = await play(slowly(1e9));
    expect(run.journal).toMatchObject({ status: "completed", deviated: false });
    expect(check("steady-state")?.verdict).toBe("pass");
    expect(exitCodeOf(artefact.verdict)).toBe(1);
  });
});

describe("Ctrl-C", () => {
  it.each([
    ["while the fault is being made", BREAK, [LOOK, BREAK, MEND, LOOK]],
    ["while the steady state is looked at", LOOK, [LOOK, BREAK, LOOK, MEND, LOOK]],
  ])("%s mends what was broken, and writes what there is", async (_, at, expected) => {
    const files = { "experiments/slow.json": experiment(), "experiments/then.json": experiment() };
    const made = await workspaceOf(files);
    let broken = false;
    const world = new ScriptedWorld((asked, sent) => {
      broken ||= asked === BREAK;
      if (broken && asked === at) made.interrupt();
      return well(asked, sent);
    });
    const { artefact, run } = await play(well, {}, { world }, made);
    expect(world.did).toEqual(expected);
    expect([artefact.verdict, run.journal?.status, artefact.data.experiments.length]).toEqual([
      "interrupted",
      "interrupted",
      1,
    ]);
    expect(run.outcome).toMatchObject({ rolledBack: true, recovered: true });
    expect(exitCodeOf(artefact.verdict)).toBe(130);
  });

  it("before anything is broken mends nothing", async () => {
    const made = await workspaceOf({ "experiments/slow.json": experiment() });
    const world = new ScriptedWorld((asked, sent) => {
      made.interrupt();
      return well(asked, sent);
    });
    const { run } = await play(well, {}, { world }, made);
    expect([world.did, run.journal?.status]).toEqual([[LOOK], "interrupted"]);
  });

  it("ends a pause, and asks nothing of what mends", async () => {
    const made = await workspaceOf({
      "experiments/slow.json": experiment({ method: [{ ...FAULT, pauses: { after: 3600 } }] }),
    });
    const upstream = await faultyUpstream({ handler: () => new Response("fine"), admin: true });
    onTestFinished(() => upstream.close());
    const script = new ScriptedWorld((asked, sent) => {
      if (asked === BREAK) setImmediate(made.interrupt);
      return well(asked, sent);
    });
    // The real sleep, which would take an hour.
    const { realWorld } = await import("./world.js");
    const real = realWorld(() => new Date());
    onTestFinished(() => real.close());
    script.sleep = (ms, signal?: AbortSignal) => real.sleep(ms, signal);
    await play(well, {}, { world: script }, made);
    expect(script.did).toEqual([LOOK, BREAK, MEND, LOOK]);
    expect(script.sent.map(({ signal }) => signal !== undefined)).toEqual([true, true, false, false]);
  });
});

describe("a runner that is killed", () => {
  it("leaves a fault that goes by itself", async () => {
    const clock = new ManualClock();
    let struck = false;
    let isStruck: () => void = () => undefined;
    const upstream = await faultyUpstream({ handler: () => new Response("fine"), admin: true, clock });
    onTestFinished(() => upstream.close());
    const fault = { ...FAULT.provider, url: `${upstream.adminUrl}/faults` };
    const waits = {
      ...HEALTH,
      name: "it waits",
      provider: { type: "http", url: upstream.url },
      pauses: { before: 3600 },
    };
    const { workspace } = await workspaceOf({
      "experiments/slow.json": {
        title: "The model fails",
        description: "And the runner is killed.",
        method: [{ ...FAULT, provider: fault }, waits],
        rollbacks: [{ ...HEAL, provider: { ...HEAL.provider, url: `${upstream.adminUrl}/faults` } }],
      },
    });
    const script = `
      import { openWorkspace } from ${JSON.stringify(fileURLToPath(new URL("../config/load.ts", import.meta.url)))};
      import { processIo } from ${JSON.stringify(fileURLToPath(new URL("../io.ts", import.meta.url)))};
      import { runGameDay } from ${JSON.stringify(fileURLToPath(new URL("./game-day.ts", import.meta.url)))};
      const workspace = await openWorkspace(processIo(new AbortController().signal), { config: ${JSON.stringify(workspace.file)} });
      await runGameDay(workspace, { onStep: ({ name }) => console.log(name) });`;
    const runner = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script]);
    onTestFinished(() => void runner.kill("SIGKILL"));
    runner.stdout.on("data", (said: Buffer) => {
      struck ||= said.toString().includes("the model fails");
      if (struck) isStruck();
    });
    await new Promise<void>((resolve) => {
      isStruck = resolve;
      if (struck) resolve();
    });
    runner.kill("SIGKILL");
    await new Promise((resolve) => runner.once("close", resolve));
    const status = async () => (await fetch(upstream.url)).status;
    expect(await status()).toBe(503);
    await clock.advance(59_999);
    expect(await status()).toBe(503);
    await clock.advance(1);
    expect(await status()).toBe(200);
  });
});
