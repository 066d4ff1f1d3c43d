/** Builds the package into dist/, unless that is up to date. */
import { once } from "./once.js";
import { run } from "./run.js";

const sources = ["src", "tsup.config.ts", "tsconfig.json", "package.json", "package-lock.json"];
once("build", sources, "dist/index.js", () => run("npx", ["--no-install", "tsup", "--clean"]));
