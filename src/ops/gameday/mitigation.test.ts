// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are the placeholders of experiments and runbooks
import { describe, expect, it } from "vitest";
import type { Sent } from "../http/exchange.js";
import { experiment, type Script, ScriptedWorld, workspaceOf } from "./game-day.fixture.js";
import { type GameDayOptions, runGameDay } from "./game-day.js";

const OPERATOR = "http://shop.test/operator/levers";
const [LOOK, BREAK, MEND] = [
  "GET http://shop.test/healthz",
  "POST http://admin.test/faults",
  "DELETE http://admin.test/faults",
];
const [SEE, PULL, LIST, RELEASE] = [
  "GET http://shop.test/snapshot",
  `POST ${OPERATOR}`,
  `GET ${OPERATOR}`,
  `POST ${OPERATOR}/7f/release`,
];
const CONFIG = {
  service: "shop",
  target: "http://shop.test",
  experiments: "experiments",
  runbooks: "runbooks",
  operator: { headers: { "x-operator-key": "of-an-operator" } },
};
const RUNBOOK = `---
owner: chat
metric: upstreams.openrouter
alert: chat-availability
levers:
  - { id: fewer, lever: bulkhead.resize, target: "upstream:model", args: { slots: 4 }, reason: it is slow, for: 15m }
  - { id: block, lever: limiter.block, target: chat, args: { key: "\${ADDRESS}" }, reason: a flood, for: 15m }
  - { id: forget, lever: cache.clear, target: search_web, reason: they are wrong }
---
# The model is slow
`;
const effect = {
  type: "probe",
  name: "fewer run",
  tolerance: { type: "jsonpath", target: "body", path: "$.slots", expect: 4 },
  provider: { type: "http", url: "http://shop.test/snapshot" },
};
const levers = (...ids: string[]) => [
  { name: "reliability", runbook: "model", runbookLevers: ids.map((id) => ({ id, within: 1, probes: [effect] })) },
];
const problem = (status: number, detail: string) => ({ status, body: { title: "No", detail } });

/** A service with levers, as far as the contract of its operator routes goes. */
class Service {
  readonly active: Record<string, unknown>[] = [];
  readonly audit: Record<string, unknown>[] = [];
  slots = 32;

  readonly script: Script = (asked, sent) => {
    if (asked === SEE) return { status: 200, body: { slots: this.slots } };
    if (asked === LIST) return { status: 200, body: { catalogue: [], active: this.active, audit: this.audit } };
    if (asked === PULL) return { status: 200, body: { entry: this.#pull(sent) } };
    if (asked === RELEASE) {
      const [entry] = this.active.splice(0);
      this.slots = 32;
      const released = { by: "game-day@shop", reason: "", at: Date.UTC(2026, 0, 1, 0, 5) };
      return { status: 200, body: { entry: { ...entry, released } } };
    }
    return asked === BREAK ? 201 : 200;
  };

  #pull({ body }: Sent): Record<string, unknown> {
    const { expiresIn, ...asked } = JSON.parse(String(body));
    const at = Date.UTC(2026, 0, 1);
    const entry = { id: "7f", by: "game-day@shop", at, expiresAt: expiresIn ? at + 900_000 : null, ...asked };
    if (expiresIn !== undefined) this.active.push(entry);
    this.slots = 4;
    return entry;
  }
}

async function play(
  given: {
    readonly service?: Service;
    /** What is answered instead, where it answers something. */
    readonly instead?: (asked: string, sent: Sent) => ReturnType<Script> | undefined;
    readonly other?: object;
    readonly options?: Partial<GameDayOptions>;
  } = {},
) {
  const { service = new Service(), instead, other, options } = given;
  const { workspace } = await workspaceOf(
    {
      "keelson.config.json": CONFIG,
      "experiments/slow.json": experiment({ extensions: levers("fewer"), ...other }),
      "runbooks/model.md": RUNBOOK,
    },
    { ADDRESS: "192.0.2.1" },
  );
  const world = new ScriptedWorld((asked, sent) => instead?.(asked, sent) ?? service.script(asked, sent));
  const artefact = await runGameDay(workspace, { ...options, world });
  const [run] = artefact.data.experiments;
  const [lever] = run?.outcome.levers ?? [];
  if (run === undefined || lever === undefined) throw new Error("no lever was pulled");
  const check = artefact.checks.find(({ id }) => id === `gameday:slow:lever:${lever.id}`);
  return { artefact, run, lever, check, world, did: world.did, service };
}

describe("a lever of the runbook", () => {
  it("is pulled while the fault is on, has to help, and is taken back when the fault is", async () => {
    const { artefact, run, lever, check, did, world } = await play();
    expect(did).toEqual([LOOK, BREAK, LOOK, PULL, SEE, MEND, LIST, RELEASE, LOOK]);
    const reason = "it is slow (game day slow, 2026-01-01T00:00:00.000Z)";
    const asked = { lever: "bulkhead.resize", target: "upstream:model", args: { slots: 4 }, reason };
    expect(world.sent[3]?.headers).toMatchObject({ "x-operator-key": "of-an-operator" });
    expect(JSON.parse(String(world.sent[3]?.body))).toEqual({ ...asked, expiresIn: "15m" });
    expect(lever).toEqual({
      id: "fewer",
      ...asked,
      by: "game-day@shop",
      pulledAt: "2026-01-01T00:00:00.000Z",
      expiresAt: "2026-01-01T00:15:00.000Z",
      effective: true,
      ended: "released",
      endedAt: "2026-01-01T00:05:00.000Z",
    });
    expect(check).toMatchObject({
      verdict: "pass",
      title: expect.stringContaining("bulkhead.resize on upstream:model"),
    });
    expect(artefact.verdict).toBe("pass");
    const names = (of: "run" | "rollbacks") => run.journal?.[of].map(({ activity, status }) => [activity.name, status]);
    expect(names("run")).toEqual([
      ["the model fails", "succeeded"],
      ["bulkhead.resize on upstream:model", "succeeded"],
      ["fewer run", "succeeded"],
    ]);
    expect(names("rollbacks")).toEqual([
      ["the model is well", "succeeded"],
      ["bulkhead.resize on upstream:model is taken back", "succeeded"],
    ]);
    expect(run.outcome.rolledBack).toBe(true);
    // What proves who asks is nobody's business.
    expect(JSON.stringify(artefact)).not.toContain("of-an-operator");
  });

  it("gets variables of the environment", async () => {
    const { lever } = await play({ other: { extensions: levers("block") } });
    expect(lever.args).toEqual({ key: "192.0.2.1" });
  });

  it("that acts once is not taken back", async () => {
    const { lever, check, did, run } = await play({ other: { extensions: levers("forget") } });
    expect(did).toEqual([LOOK, BREAK, LOOK, PULL, SEE, MEND, LOOK]);
    expect(lever).toMatchObject({ pulledAt: expect.any(String), expiresAt: null, ended: null, endedAt: null });
    expect(check?.verdict).toBe("pass");
    expect(run.journal?.rollbacks).toHaveLength(1);
  });

  it.each<[string, Partial<Parameters<typeof play>[0]>, "pass" | "fail"]>([
    ["the steady state no longer held", { instead: afterwards(LOOK, () => 503) }, "fail"],
    ["faults are to stay", { options: { rollbacks: "never" } }, "pass"],
    ["a rollback failed", { instead: (asked) => (asked === MEND ? 500 : undefined) }, "fail"],
  ])("is taken back when %s", async (_, given, verdict) => {
    const { service, lever, check, artefact } = await play(given);
    expect(service.active).toEqual([]);
    expect([lever.ended, check?.verdict, artefact.verdict]).toEqual(["released", "pass", verdict]);
  });

  it("that doesn't help is a failure, and is taken back", async () => {
    const { service, lever, check } = await play({
      instead: (asked) => (asked === SEE ? { status: 200, body: { slots: 32 } } : undefined),
    });
    expect(lever).toMatchObject({ effective: false, ended: "released" });
    expect(check).toMatchObject({ verdict: "fail", reason: "fewer run: got [32], expected [4] at $.slots" });
    expect(service.active).toEqual([]);
  });

  it("is taken back after Ctrl-C, and nothing is said of what it did", async () => {
    const service = new Service();
    const { workspace, interrupt } = await workspaceOf({
      "keelson.config.json": CONFIG,
      "experiments/slow.json": experiment({ extensions: levers("fewer") }),
      "runbooks/model.md": RUNBOOK,
    });
    const world = new ScriptedWorld((asked, sent) => {
      const answer = service.script(asked, sent);
      if (asked === PULL) interrupt();
      return answer;
    });
    const artefact = await runGameDay(workspace, { world });
    expect(artefact.verdict).toBe("interrupted");
    expect(artefact.data.experiments[0]?.outcome.levers).toMatchObject([{ effective: null, ended: "released" }]);
    expect(service.active).toEqual([]);
  });

  it("that is refused is a failure, with what the service said", async () => {
    const { lever, check, did, run } = await play({
      instead: (asked) => (asked === PULL ? problem(404, "there is no target upstream:model") : undefined),
    });
    expect(did).toEqual([LOOK, BREAK, LOOK, PULL, MEND, LIST, LOOK]);
    expect(lever).toMatchObject({ by: null, pulledAt: null, effective: null, ended: null });
    expect(check).toMatchObject({ verdict: "fail", reason: "refused (404): there is no target upstream:model" });
    expect(run.journal?.rollbacks).toHaveLength(1);
  });

  it("whose pull was done without an answer is found by its reason, and taken back", async () => {
    const service = new Service();
    const { lever, check } = await play({
      service,
      instead: (asked, sent) => {
        if (asked !== PULL) return undefined;
        service.script(asked, sent);
        return "gone";
      },
    });
    expect(service.active).toEqual([]);
    expect(lever).toMatchObject({ by: "game-day@shop", effective: null, ended: "released" });
    expect(check).toMatchObject({ verdict: "fail", reason: expect.stringContaining("can't be reached") });
  });

  it("is tried to be taken back until the service can", async () => {
    let failures = 3;
    const { lever, check } = await play({
      instead: (asked) => (asked === LIST && failures-- > 0 ? problem(503, "the store can't be reached") : undefined),
    });
    expect([lever.ended, check?.verdict, failures]).toEqual(["released", "pass", -1]);
  });

  it("that can't be taken back is a failure, and ends when it expires", async () => {
    const { lever, check, run } = await play({
      instead: (asked) => (asked === RELEASE ? problem(503, "the store can't be reached") : undefined),
    });
    expect(lever).toMatchObject({ effective: true, expiresAt: "2026-01-01T00:15:00.000Z", ended: null, endedAt: null });
    expect(check).toMatchObject({ verdict: "fail", reason: "refused (503): the store can't be reached" });
    expect(run.outcome.rolledBack).toBe(false);
  });

  it.each([
    [{ action: "expired", at: Date.UTC(2026, 0, 1) }, "expired", "2026-01-01T00:15:00.000Z", "pass"],
    [{ action: "superseded", at: Date.UTC(2026, 0, 1, 0, 2) }, "superseded", "2026-01-01T00:02:00.000Z", "pass"],
    [{ action: "pulled", at: Date.UTC(2026, 0, 1) }, null, null, "fail"],
  ])("that ended by itself is said to have: %j", async (line, ended, endedAt, verdict) => {
    const service = new Service();
    const { lever, check } = await play({
      service,
      instead: (asked) => {
        if (asked !== SEE) return undefined;
        // It is over before anybody takes it back.
        for (const entry of service.active.splice(0)) service.audit.push({ ...entry, ...line });
        return undefined;
      },
    });
    expect([lever.ended, lever.endedAt, check?.verdict]).toEqual([ended, endedAt, verdict]);
  });
});

/** Answers otherwise once the fault is on. */
function afterwards(wanted: string, answer: () => ReturnType<Script>) {
  let broken = false;
  return (asked: string): ReturnType<Script> | undefined => {
    if (asked === BREAK) broken = true;
    if (asked === MEND) broken = false;
    return broken && asked === wanted ? answer() : undefined;
  };
}
