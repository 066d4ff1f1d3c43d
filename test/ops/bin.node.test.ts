import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { run } from "../../scripts/run.js";
import { project, serve } from "../../src/ops/fixture.js";

const BIN = fileURLToPath(new URL("../../dist/bin.js", import.meta.url));
const alive = { id: "alive", steps: [{ request: { path: "/healthz" } }] };
const GONE = "http://127.0.0.1:9";
const config = { service: "shop", target: GONE, probes: [alive], scenarios: { health: { request: { path: "/" } } } };
const slo = { schemaVersion: "1.0", slos: [{ id: "a", owner: "o", objective: 0.9 }] };
const SLO_FILE = "scripts/reliability/slo-baseline.json";

/** Runs the built program in a project. */
function started(cwd: string, args: readonly string[]) {
  const child = spawn(process.execPath, [BIN, ...args], { cwd, stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    err += chunk.toString();
  });
  const ended = once(child, "close").then(([code]) => ({ code: code as number, out, err }));
  return { child, ended };
}

describe("the built program", () => {
  beforeAll(() => run("npx", ["--no-install", "tsx", "scripts/build.ts"]), 300_000);

  it.each<readonly [string, readonly string[], Readonly<Record<string, string | object>>, number, RegExp]>([
    ["no command that there is", ["prove"], {}, 2, /unknown command 'prove'/],
    ["no configuration", ["probe"], {}, 2, /no configuration in .*; keelson init writes one/],
    ["a file that is missing", ["probe", "-c", "x.json"], {}, 2, /x\.json: there is no such file/],
    [
      "a configuration that is wrong",
      ["probe"],
      { "keelson.config.json": { ...config, target: 1 } },
      2,
      /target: got 1; /,
    ],
    ["a target that is gone", ["probe"], { "keelson.config.json": config }, 4, /127\.0\.0\.1:9 can't be reached/],
    [
      "a filter that leaves nothing",
      ["probe", "--only", "x"],
      { "keelson.config.json": config },
      2,
      /--only: "x" matches nothing; there are alive/,
    ],
    [
      "scenarios that aren't there",
      ["drill", "--scenarios", "x"],
      { "keelson.config.json": config, [SLO_FILE]: slo },
      2,
      /--scenarios: "x" matches nothing; there are health/,
    ],
    [
      "no such profile",
      ["drill", "-p", "x"],
      { "keelson.config.json": config, [SLO_FILE]: slo },
      2,
      /no profile "x"; there are quick, standard, burst, soak/,
    ],
    [
      "a baseline that is missing",
      ["drill"],
      { "keelson.config.json": config },
      2,
      /slo-baseline\.json: can't be read \(ENOENT\)/,
    ],
    [
      "a baseline of a later version",
      ["drill"],
      { "keelson.config.json": config, [SLO_FILE]: { ...slo, schemaVersion: "2.0" } },
      2,
      /schemaVersion: got "2\.0"; expected 1\.x/,
    ],
    [
      "a drill of what is gone",
      ["drill"],
      { "keelson.config.json": config, [SLO_FILE]: slo },
      4,
      /127\.0\.0\.1:9 can't be reached/,
    ],
    [
      "a gate without a policy",
      ["gate"],
      { "keelson.config.json": config },
      2,
      /release-gate-policy\.json: can't be read/,
    ],
    [
      "a canary without a candidate",
      ["canary"],
      { "keelson.config.json": config },
      2,
      /required option '--candidate <url>' not specified/,
    ],
    ["no experiments", ["gameday"], { "keelson.config.json": config }, 2, /experiments/],
    ["no snapshot", ["snapshot"], { "keelson.config.json": config }, 2, /doesn't say where the service's snapshot is/],
    [
      "artefacts that aren't there",
      ["compare", "--before", "a.json", "--after", "b.json"],
      { "keelson.config.json": config },
      2,
      /json: can't be read \(ENOENT\)/,
    ],
  ])("ends with the code and the message for %s", async (_, args, files, code, message) => {
    const ended = await started(await project(files), args).ended;
    expect(ended.err).toMatch(message);
    expect(ended.code).toBe(code);
  });

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("cleans up on %s, and writes what it has", async (signal, code) => {
    const server = await serve((_, response) => void response.end());
    onTestFinished(() => server.close());
    const profiles = { long: { stages: [{ duration: "60s", rate: 20 }] } };
    const folder = await project({
      "keelson.config.json": { ...config, target: server.url, profiles },
      [SLO_FILE]: slo,
    });
    const asked = new Promise<void>((resolve) => {
      let count = 0;
      server.onRequest(() => ++count === 5 && resolve());
    });
    const { child, ended } = started(folder, ["drill", "-p", "long"]);
    await asked;
    child.kill(signal);
    expect(await ended).toMatchObject({ code, out: expect.stringContaining("INTERRUPTED") });
    expect(await readdir(join(folder, ".output/reliability"))).toEqual([expect.stringMatching(/^load-drill-long-/)]);
  });
});
