// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are the placeholders of experiments
import { describe, expect, it } from "vitest";
import type { GameDayStep } from "./context.js";
import { experiment, PARTS, type Script, ScriptedWorld, workspaceOf } from "./game-day.fixture.js";
import { runGameDay } from "./game-day.js";

const { FAULT, HEALTH } = PARTS;
const LOOK = "GET http://shop.test/healthz";
const BREAK = "POST http://admin.test/faults";
const MEND = "DELETE http://admin.test/faults";
const well: Script = () => 200;

async function play(other: object, script: Script = well, env: Record<string, string> = {}) {
  const { workspace } = await workspaceOf({ "experiments/slow.json": experiment(other) }, env);
  const world = new ScriptedWorld(script);
  const steps: GameDayStep[] = [];
  const artefact = await runGameDay(workspace, { world, onStep: (step) => steps.push(step) });
  const [run] = artefact.data.experiments;
  if (run?.journal === undefined || run.journal === null) throw new Error("nothing was run");
  return { artefact, run, journal: run.journal, world, steps };
}

describe("the steady state is looked at", () => {
  const wait = { ...FAULT, name: "and wait", pauses: { after: 5 } };

  it.each<[string, boolean, boolean, boolean]>([
    ["default", true, false, true],
    ["before-method-only", true, false, false],
    ["after-method-only", false, false, true],
    ["during-method-only", false, true, false],
    ["continuously", true, true, true],
  ])("%s: before %s, during %s, after %s", async (strategy, before, during, after) => {
    const { journal } = await play({ method: [wait], runtime: { hypothesis: { strategy } } });
    const { steady_states } = journal;
    expect([steady_states.before !== null, steady_states.during.length > 0, steady_states.after !== null]).toEqual([
      before,
      during,
      after,
    ]);
  });

  it("while the method runs, and what no longer holds then is a deviation", async () => {
    let looks = 0;
    const script: Script = (asked) => (asked === LOOK && ++looks === 2 ? 503 : 200);
    const runtime = { hypothesis: { strategy: "continuously", frequency: 0.5 } };
    const { journal, artefact, world } = await play({ method: [wait], runtime }, script);
    expect(journal).toMatchObject({ status: "failed", deviated: true });
    expect(artefact.verdict).toBe("fail");
    expect(world.slept).toContain(500);
  });

  it("and breaks the method off where it is to fail fast", async () => {
    let broken = false;
    const script: Script = (asked) => {
      broken = asked === BREAK || (broken && asked !== MEND);
      return asked === LOOK && broken ? 503 : 200;
    };
    const runtime = { hypothesis: { strategy: "continuously", fail_fast: true } };
    const method = [FAULT, ...Array.from({ length: 50 }, (_, n) => ({ ...FAULT, name: `more ${n}` }))];
    const { journal, world } = await play({ method, runtime }, script);
    expect(journal.run.length).toBeLessThan(50);
    expect(world.did.at(-2)).toBe(MEND);
  });

  it("not at all, where there is no hypothesis", async () => {
    const { artefact, journal } = await play({ "steady-state-hypothesis": undefined });
    expect(journal.steady_states).toEqual({ before: null, during: [], after: null });
    expect(artefact.checks[0]).toMatchObject({ verdict: "skipped", reason: "there is no hypothesis" });
  });

  it("and by a probe that judges, which gets the value", async () => {
    const judge = {
      type: "probe",
      name: "the judge",
      provider: {
        type: "http",
        url: "http://judge.test/",
        method: "POST",
        headers: { "Content-Type": "application/json" },
      },
    };
    const probes = [{ ...HEALTH, tolerance: judge }];
    const { world, journal } = await play({ "steady-state-hypothesis": { title: "It answers", probes } }, (asked) =>
      asked.includes("judge") ? 422 : 200,
    );
    expect(world.did).toEqual([LOOK, "POST http://judge.test/"]);
    expect(JSON.parse(String(world.sent[1]?.body))).toMatchObject({ value: { status: 200 } });
    expect(journal.steady_states.before?.probes[0]?.exception).toEqual(["the judge: status: got 422"]);
  });
});

describe("activities", () => {
  it("pause before and after", async () => {
    const { world } = await play({ method: [{ ...FAULT, pauses: { before: 1.5, after: 2 } }] });
    expect(world.slept).toEqual([1500, 2000]);
  });

  it("run in the background while the method goes on, which ends with them", async () => {
    const flood = { ...FAULT, name: "flood", background: true, pauses: { before: 1 } };
    const { world, journal } = await play({ method: [flood, FAULT] });
    expect(journal.run.map(({ activity }) => activity.name)).toEqual(["flood", "the model fails"]);
    expect(world.did.filter((asked) => asked === BREAK)).toHaveLength(2);
    expect(world.did.lastIndexOf(BREAK)).toBeLessThan(world.did.indexOf(MEND));
  });

  it("send a form where no content type says JSON, and a query by GET", async () => {
    const form = { type: "http", url: "http://admin.test/form", method: "POST", arguments: { ttl: "5s", n: 1 } };
    const query = { type: "http", url: "http://admin.test/q?a=1", arguments: { b: "2 3" } };
    const method = [
      { ...FAULT, provider: form },
      { ...HEALTH, provider: query },
    ];
    const { world } = await play({ method });
    expect(world.sent[1]).toMatchObject({ body: "ttl=5s&n=1" });
    expect(world.did[2]).toBe("GET http://admin.test/q?a=1&b=2+3");
  });

  it("fail where another status was expected", async () => {
    const provider = { ...FAULT.provider, expected_status: 201 };
    const { journal, artefact } = await play({ method: [{ ...FAULT, provider }] });
    expect(journal.status).toBe("aborted");
    expect(artefact.checks[0]?.reason).toBe(
      "the method could not be done: the model fails: status: got 200, expected 201",
    );
  });

  it("run programs with arguments as they are, names and values in a row", async () => {
    const program = (given: unknown) => ({
      ...FAULT,
      provider: { type: "process", path: "flood", timeout: 5, arguments: given },
    });
    const { world } = await play({
      method: [program(["-n", 5, "a b; c"]), program({ "--rate": 5 }), program("-n 5")],
    });
    expect(world.did.slice(1, 4)).toEqual(["flood -n 5 a b; c", "flood --rate 5", "flood -n 5"]);
  });
});

describe("what is told", () => {
  it("are steps, as they come", async () => {
    const { steps } = await play({});
    expect(steps.map(({ kind, name, ok }) => [kind, name, ok])).toEqual([
      ["experiment", "The model fails", true],
      ["steady-state", "before the method", true],
      ["activity", "the model fails", true],
      ["steady-state", "while the fault is on", true],
      ["rollback", "the model is well", true],
      ["recovery", "the steady state after the rollbacks", true],
    ]);
  });

  it("and nowhere a secret, however it is called", async () => {
    const provider = {
      type: "http",
      url: "http://shop.test/${pass}",
      headers: { authorization: "Bearer ${pass}", "x-note": "by ${pass}" },
    };
    const probes = [{ ...HEALTH, provider, tolerance: 200 }];
    const { artefact, steps } = await play(
      {
        secrets: { shop: { pass: { type: "env", key: "PLAIN_NAME" } } },
        "steady-state-hypothesis": { title: "It answers", probes },
      },
      () => ({ status: 500, body: { echo: "it was hunter2-hunter2" } }),
      { PLAIN_NAME: "hunter2-hunter2" },
    );
    expect(artefact.verdict).toBe("fail");
    expect(JSON.stringify([artefact, steps])).not.toContain("hunter2");
    expect(JSON.stringify(artefact.data)).toContain("[redacted]");
  });

  it("and that controls are not run", async () => {
    const { run } = await play({ controls: [{ name: "tracing" }] });
    expect(run.notes).toEqual(["controls are not run"]);
  });
});
