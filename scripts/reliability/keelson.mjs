import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Runs one of the package's own commands, as it is published: what is out of date is built before. */
export function runKeelson(command, args) {
  const build = spawnSync("npx", ["--no-install", "tsx", "scripts/build.ts"], { cwd: root, stdio: "inherit" });
  if (build.status !== 0) return 4;
  const bin = fileURLToPath(new URL("../../dist/bin.js", import.meta.url));
  // Relative paths are the caller's: an example's own configuration is found in its own folder.
  const run = spawnSync(process.execPath, [bin, command, ...args], { stdio: "inherit" });
  return run.status ?? 4;
}
