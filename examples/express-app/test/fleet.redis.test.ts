import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { redisUrl } from "../../../test/redis/inject.js";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const DEMO = fileURLToPath(new URL("../demo/index.ts", import.meta.url));

it("holds in two processes on one Redis, and when one of them is killed", { timeout: 90_000 }, async () => {
  const stdout = await new Promise<string>((resolve) => {
    const env = { ...process.env, REDIS_URL: redisUrl() };
    execFile(process.execPath, ["--import", "tsx", DEMO, "two processes"], { cwd: ROOT, env }, (_, out, complaint) =>
      resolve(out + complaint),
    );
  });
  expect(stdout).toMatch(/^4 of 4 claims held/m);
});
