/** Builds the package into dist/, unless that is up to date. */
import { once } from "./once.js";
import { run } from "./run.js";

const sources = [
  "src",
  "tsup.config.ts",
  "tsconfig.json",
  "tsconfig.component.json",
  "package.json",
  "package-lock.json",
];
once("build", sources, "dist/index.js", () => {
  run("npx", ["--no-install", "tsup", "--clean"]);
  // Convex bundles a component's folder by itself, and takes every file in it for functions: it stays as it is.
  run("npx", ["--no-install", "tsc", "-p", "tsconfig.component.json"]);
});
