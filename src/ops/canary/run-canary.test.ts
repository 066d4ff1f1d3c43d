import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { seeded } from "../../core/seeded.js";
import { openWorkspace } from "../config/load.js";
import { fakeIo, project, serve } from "../fixture.js";
import { runProbes } from "../probe/probes.js";
import type { CanaryCall } from "./measure.js";
import { runCanary } from "./run-canary.js";

const alive = { id: "alive", steps: [{ request: { path: "/healthz" }, expect: { status: 200 } }] };

async function arms(candidateStatus = 200) {
  const control = await serve((_, response) => void response.end());
  const candidate = await serve((_, response) => void response.writeHead(candidateStatus).end());
  onTestFinished(async () => {
    await control.close();
    await candidate.close();
  });
  return { control: control.url, candidate: candidate.url };
}

interface Wish {
  readonly slower?: number;
  readonly bad?: number;
  readonly policy?: object;
  readonly signal?: AbortSignal;
}

async function canary(
  at: { control: string; candidate: string },
  { slower = 1, bad = 0, policy = {}, signal }: Wish = {},
) {
  const folder = await project({
    "keelson.config.json": {
      service: "shop",
      target: at.control,
      probes: [alive],
      scenarios: { chat: { request: { path: "/chat" } } },
    },
    "scripts/reliability/slo-baseline.json": { schemaVersion: "1.0", slos: [{ id: "c", owner: "o", objective: 0.9 }] },
    "scripts/reliability/canary-policy.json": { schemaVersion: "1.0", ...policy },
  });
  const workspace = await openWorkspace(fakeIo(folder, signal === undefined ? {} : { signal }));
  const random = seeded(7);
  let closed = 0;
  const artefact = await runCanary(
    workspace,
    { candidate: at.candidate },
    {
      probes: (arm) => runProbes(arm),
      load: async () => ({
        ask: async (arm) =>
          Array.from({ length: 60 }, (): CanaryCall => {
            const ms = 50 + 100 * random() ** 3;
            const failed = arm === "candidate" && random() < bad;
            return {
              scenario: "chat",
              outcome: failed ? "5xx" : "success",
              ms: arm === "candidate" ? ms * slower : ms,
            };
          }),
        close: async () => void closed++,
      }),
    },
  );
  expect(closed).toBe(1);
  return { artefact, folder };
}

describe("a canary", () => {
  it("promotes what is no different", async () => {
    const { artefact } = await canary(await arms());
    expect(artefact.data.reasons).toEqual([]);
    expect(artefact.verdict).toBe("promote");
    expect(artefact.data.blocks).toEqual({ planned: 40, done: 40 });
    expect(artefact.data.scenarios[0]).toMatchObject({ scenario: "chat", control: { valid: 1_200, success: 1_200 } });
  });

  it("rolls back what is slower, and runs the command for that", async () => {
    const mark = ["node", "-e", "require('node:fs').writeFileSync('rolled-back', process.env.KEELSON_VERDICT)"];
    const { artefact, folder } = await canary(await arms(), { slower: 1.5, policy: { onRollback: mark } });
    expect(artefact.verdict).toBe("rollback");
    expect(artefact.data.criteria.filter(({ met }) => met)).toMatchObject([
      { id: "confirmed-regression", by: ["canary:chat:p95"] },
    ]);
    expect(artefact.data.hook).toEqual({ command: mark, exitCode: 0, output: "" });
    expect(await readFile(join(folder, "rolled-back"), "utf8")).toBe("rollback");
  });

  it("ends as soon as the candidate is plainly broken", async () => {
    const { artefact } = await canary(await arms(), { bad: 0.5 });
    expect(artefact.verdict).toBe("rollback");
    expect(artefact.data.criteria.find(({ id }) => id === "early-abort")?.met).toBe(true);
    expect(artefact.data.blocks.done).toBeLessThan(10);
  });

  it("rolls back where a critical probe fails on the candidate alone", async () => {
    const { artefact } = await canary(await arms(500));
    expect(artefact.verdict).toBe("rollback");
    expect(artefact.data.criteria.find(({ met }) => met)?.id).toBe("critical-probe");
  });

  it("holds with too few calls", async () => {
    const { artefact } = await canary(await arms(), { policy: { load: { pairs: 2 } } });
    expect(artefact.verdict).toBe("hold");
  });

  it("tells of a command that can't be run, and keeps its verdict", async () => {
    const { artefact } = await canary(await arms(), { slower: 2, policy: { onRollback: ["no-such-command"] } });
    expect(artefact.verdict).toBe("rollback");
    expect(artefact.data.hook).toMatchObject({ exitCode: null, output: expect.stringContaining("ENOENT") });
  });

  it("can't begin without a candidate that answers, or by a policy that names what isn't there", async () => {
    const { control, candidate } = await arms();
    const gone = await serve((_, response) => void response.end());
    await gone.close();
    await expect(canary({ control, candidate: gone.url })).rejects.toThrow(
      `${gone.url} can't be reached (ECONNREFUSED)`,
    );
    await expect(
      canary({ control, candidate }, { policy: { scenarios: { chta: { critical: false } } } }),
    ).rejects.toThrow('canary policy: scenarios: "chta" matches nothing; there are chat');
    await expect(canary({ control, candidate: "shop" })).rejects.toThrow('"shop": expected an http(s) address');
  });
});
