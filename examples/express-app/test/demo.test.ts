import { execFile } from "node:child_process";
import { PassThrough } from "node:stream";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { Report } from "../demo/report.js";
import { situations } from "../demo/situations/situations.js";
import { Stage } from "../demo/stage.js";
import type { World } from "../demo/world.js";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const DEMO = fileURLToPath(new URL("../demo/index.ts", import.meta.url));

describe("the demo", () => {
  it("plays every situation, and every claim holds", { timeout: 180_000 }, async () => {
    const { stdout, code } = await new Promise<{ stdout: string; code: unknown }>((resolve) => {
      execFile(process.execPath, ["--import", "tsx", DEMO], { cwd: ROOT }, (error, out, complaint) =>
        resolve({ stdout: out + complaint, code: error?.code ?? 0 }),
      );
    });
    expect(stdout.split("\n").filter((line) => line.startsWith("did not hold"))).toEqual([]);
    expect(code).toBe(0);
    for (const { title } of situations) expect(stdout).toContain(title);
    const [, held, of] = /^(\d+) of (\d+) claims held/m.exec(stdout) ?? [];
    expect(held).toBe(of);
    expect(Number(of)).toBeGreaterThan(60);
  });

  it("refuses to play a situation that isn't there", async () => {
    const play = promisify(execFile)(process.execPath, ["--import", "tsx", DEMO, "weather"], { cwd: ROOT });
    await expect(play).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining("A normal day") });
  });
});

describe("a claim", () => {
  const happened = [
    { seq: 1, at: 0, type: "endpoint.settled", name: "chat", detail: { status: 403, guard: "origin" } },
  ];
  const world = { happened: async () => happened } as unknown as World;
  const setup = () => {
    const out = new PassThrough({ encoding: "utf8" });
    const report = new Report(out);
    return { out, report, stage: new Stage(world, report) };
  };
  const holds = async () => ({ saw: "403", holds: true });

  it("holds when the client saw what was claimed, and the protection acted", async () => {
    const { out, report, stage } = setup();
    await stage.step("a foreign origin", holds, /guard origin/);
    expect(report.summary(1)).toBe(true);
    expect(out.read()).toMatch(/✓ a foreign origin +403 +guard origin/);
  });

  it.each([
    ["the client saw something else", async () => ({ saw: "200", holds: false }), /guard origin/],
    ["another protection acted", holds, /guard auth/],
    ["a protection acted where none should", holds, null],
    ["it can't be played", () => Promise.reject(new Error("gone")), undefined],
  ] as const)("does not hold when %s", async (_, run, protects) => {
    const { out, report, stage } = setup();
    await stage.step("a foreign origin", run, protects);
    expect(report.summary(1)).toBe(false);
    expect(out.read()).toMatch(/✗ a foreign origin[\s\S]*0 of 1 claims held/);
  });
});
