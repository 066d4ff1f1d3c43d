/**
 * Everything that CI does, one step after the other, the tests last. A step that fails doesn't keep the others from
 * running, so that one look shows all there is to mend.
 */
import { attempt } from "./run.js";
import { tarball } from "./tarball.js";

const tool = (name: string, ...args: string[]) => attempt("npx", ["--no-install", name, ...args]);
const script = (name: string, ...args: string[]) => attempt("npm", ["run", "--silent", name, "--", ...args]);

const steps: readonly (readonly [title: string, step: () => boolean])[] = [
  ["format and lint (Biome)", () => script("lint")],
  ["types (TypeScript)", () => script("types")],
  ["layers (dependency-cruiser)", () => script("layers")],
  ["unused code and dependencies (knip)", () => script("unused")],
  ["JSON Schemas are up to date", () => script("schema", "--check")],
  ["the operator page is up to date", () => script("page", "--check")],
  ["generated code of the Convex component is up to date", () => script("codegen", "--check")],
  ["surface matrix of the Convex app is up to date", () => script("surface", "--check")],
  ["links in the documentation", () => tool("tsx", "scripts/check-links.ts")],
  ["build (tsup)", () => script("build")],
  ["package (publint)", () => tool("publint", "run", tarball(), "--strict")],
  ["types of the package (are the types wrong)", () => typesOf(tarball())],
  ["size", () => script("size")],
  ["tests", () => script("test")],
];

/** ES modules only: what Convex bundles by itself, and what runs in commands. */
const ES_ONLY = ["convex/convex.config", "convex/convex.config.js", "convex/_generated/component.js", "ops"];

function typesOf(file: string): boolean {
  const attw = (...args: string[]) => tool("attw", file, "--no-emoji", ...args);
  const both = attw("--profile", "node16", "--exclude-entrypoints", ...ES_ONLY);
  return attw("--profile", "esm-only", "--entrypoints", ...ES_ONLY) && both;
}

const failed: string[] = [];
for (const [title, step] of steps) {
  const start = performance.now();
  console.log(`\n── ${title}`);
  const passed = attempted(step);
  if (!passed) failed.push(title);
  console.log(`── ${title}: ${passed ? "ok" : "FAILED"}, ${((performance.now() - start) / 1000).toFixed(1)} s`);
}
console.log(failed.length === 0 ? "\nAll checks passed." : `\nFailed: ${failed.join("; ")}.`);
process.exit(failed.length === 0 ? 0 : 1);

function attempted(step: () => boolean): boolean {
  try {
    return step();
  } catch (error) {
    console.error(String(error));
    return false;
  }
}
