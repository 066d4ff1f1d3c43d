import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository. */
export const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * Makes something unless what it is made from is the same as the last time, so that every command can ask for what it
 * needs and nothing is made twice.
 *
 * @param sources files and folders, relative to the repository
 * @param product what comes out of it; made again when it is missing
 */
export function once(name: string, sources: readonly string[], product: string, make: () => void): void {
  const stamp = join(root, ".output/once", name);
  const digest = digestOf(sources);
  if (existsSync(join(root, product)) && existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return;
  make();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, digest);
}

function digestOf(sources: readonly string[]): string {
  const hash = createHash("sha256").update(process.version);
  for (const source of sources) {
    for (const file of filesIn(source).sort()) {
      hash.update(`\0${file}\0`).update(readFileSync(join(root, file)));
    }
  }
  return hash.digest("hex");
}

function filesIn(path: string): string[] {
  if (!statSync(join(root, path)).isDirectory()) return [path];
  return readdirSync(join(root, path), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length));
}
