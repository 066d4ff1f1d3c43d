import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { once, root } from "./once.js";
import { run } from "./run.js";

/** Packs the package as it would be published, unless that is up to date; answers the tarball's path. */
export function tarball(): string {
  const { name, version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<string, string>;
  const folder = ".output/pack";
  const file = `${folder}/${name}-${version}.tgz`;
  run("npx", ["--no-install", "tsx", "scripts/build.ts"]);
  once("pack", ["dist", "schemas", "package.json", "README.md", "CHANGELOG.md", "LICENSE"], file, () => {
    mkdirSync(join(root, folder), { recursive: true });
    run("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder]);
  });
  return join(root, file);
}
