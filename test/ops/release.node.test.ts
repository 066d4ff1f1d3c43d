import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { run } from "../../scripts/run.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const WITHIN_MS = 240_000;

/** Starts a build of the Express example in a process of its own. */
async function started(kind: "good" | "broken" | "slow"): Promise<string> {
  const child = spawn(process.execPath, ["--import", "tsx", "test/ops/build.ts", kind], {
    cwd: root,
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(async () => {
    child.stdin.end();
    if (child.exitCode === null) await once(child, "exit");
  });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return line.toString().trim();
}

/** Runs one of the repository's own commands, as `npm run reliability:…` does; its artefact comes with it. */
async function reliability(script: string, ...args: string[]) {
  const output = await mkdtemp(join(tmpdir(), "keelson-release-"));
  const child = spawn(process.execPath, [`scripts/reliability/${script}`, ...args, "--out", output], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  const [code] = (await once(child, "close")) as [number];
  const artefact = async (kind: string) => {
    const name = (await readdir(output)).find((file) => file.startsWith(kind));
    return JSON.parse(await readFile(join(output, name ?? `no ${kind} in ${text}`), "utf8")) as {
      verdict: string;
      data: {
        reasons: readonly { check: string; effect: string; reason: string; owner: string }[];
        criteria: readonly { id: string; met: boolean; by: string[] }[];
      };
    };
  };
  return { code, text, artefact };
}

describe("the repository's own commands", () => {
  beforeAll(() => run("npx", ["--no-install", "tsx", "scripts/build.ts"]), WITHIN_MS);

  it(
    "release a build that is as it should be",
    async () => {
      const { code, text, artefact } = await reliability("run-release-gate.mjs", "--target", await started("good"));
      const gate = await artefact("release-gate");
      expect(gate.data.reasons, text).toEqual([]);
      expect(gate.verdict).toBe("release");
      expect(code).toBe(0);
      expect((await artefact("load-drill-gate")).verdict).toBe("pass");
      expect((await artefact("synthetic-probes")).verdict).toBe("pass");
    },
    WITHIN_MS,
  );

  it(
    "block a build that is broken, and say what is",
    async () => {
      const { code, text, artefact } = await reliability("run-release-gate.mjs", "--target", await started("broken"));
      const gate = await artefact("release-gate");
      expect(gate.verdict).toBe("block");
      expect(gate.data.reasons).toContainEqual({
        check: "probe:gmail-push-guard",
        effect: "block",
        reason: expect.stringContaining("POST /api/gmail/push: status: got 200, expected 401"),
        owner: "integrations",
        runbook: "docs/runbooks/gmail-push.md",
      });
      expect(text).toContain("BLOCK");
      expect(text).toContain("owner: integrations (#integrations)");
      expect(code).toBe(1);
    },
    WITHIN_MS,
  );

  it(
    "roll a build back that is slower than what runs now",
    async () => {
      const [control, candidate] = await Promise.all([started("good"), started("slow")]);
      const args = ["--control", control, "--candidate", candidate];
      const { code, text, artefact } = await reliability("run-canary-checks.mjs", ...args);
      const canary = await artefact("canary-check");
      expect(canary.verdict, text).toBe("rollback");
      expect(canary.data.criteria.find(({ id }) => id === "confirmed-regression")).toMatchObject({
        met: true,
        by: ["canary:chat:p95"],
      });
      expect(code).toBe(1);
    },
    WITHIN_MS,
  );
});
