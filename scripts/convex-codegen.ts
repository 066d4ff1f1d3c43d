/**
 * Generates Convex's code for the component and for the example app, without a deployment. What is generated is
 * committed; with `--check` it fails where it was not what it is now.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { codegen } from "./convex-offline.js";
import { root } from "./once.js";

const COMPONENT = "src/stores/convex/component";
const APP = "examples/convex-app";
const FOLDERS = [`${COMPONENT}/_generated`, `${APP}/convex/_generated`];

function generated(): string {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder))
      .sort()
      .map((name) => `${folder}/${name}\n${readFileSync(join(root, folder, name), "utf8")}`),
  ).join("\n");
}

const before = generated();
const app = join(root, APP);
// (The CLI wants an app around a component.)
const codes = [await codegen(["--component-dir", `../../${COMPONENT}`], app), await codegen([], app)];
process.exitCode = codes.find((code) => code !== 0) ?? 0;
if (process.argv.includes("--check") && generated() !== before) {
  console.error("what Convex generates was out of date: npm run codegen, and commit it");
  process.exitCode = 1;
}
