/**
 * Runs the benchmark suites: all, or those named on the command line. Each gets a process of its own, built in one
 * piece and without the loader's own helpers, so that nothing measured is an artefact of running from source.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const built = join(here, "../.output/bench/build");
const suites = readdirSync(join(here, "suites")).map((file) => basename(file, ".ts"));
const asked = process.argv.slice(2);
const unknown = asked.filter((suite) => !suites.includes(suite));
if (unknown.length > 0) {
  console.error(`no such suite: ${unknown.join(", ")}; there are ${suites.join(", ")}`);
  process.exit(2);
}
mkdirSync(built, { recursive: true });
let failed = false;
for (const suite of asked.length > 0 ? asked : suites) {
  const outfile = join(built, `${suite}.mjs`);
  await build({
    entryPoints: [join(here, "suites", `${suite}.ts`)],
    outfile,
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    target: "es2022",
    logLevel: "warning",
  });
  const run = spawnSync(process.execPath, ["--expose-gc", outfile], { stdio: "inherit" });
  failed ||= run.status !== 0;
}
process.exit(failed ? 1 : 0);
