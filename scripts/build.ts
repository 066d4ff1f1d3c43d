/** Builds the package into dist/, unless that is up to date. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { once, root } from "./once.js";
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
  declareCommonJs();
  // Convex bundles a component's folder by itself, and takes every file in it for functions: it stays as it is.
  run("npx", ["--no-install", "tsc", "-p", "tsconfig.component.json"]);
});

/**
 * Gives the CommonJS modules the declarations of the ES modules, with references among themselves: the types are the same,
 * and to work them out twice would take as long as everything else.
 */
function declareCommonJs(): void {
  const dist = join(root, "dist");
  const files = readdirSync(dist).filter((file) => file.endsWith(".d.ts") && file !== "ops.d.ts");
  for (const file of files) {
    const text = readFileSync(join(dist, file), "utf8").replace(
      /(from |import\()(['"])(\.\/[^'"]+)\.js\2/g,
      "$1$2$3.cjs$2",
    );
    writeFileSync(join(dist, file.replace(/\.d\.ts$/, ".d.cts")), text);
  }
}
