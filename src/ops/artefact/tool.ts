import { readFileSync } from "node:fs";

/** Name and version of what writes artefacts: this package's. */
export function tool(): { name: string; version: string } {
  // package.json is some folders above this file as source, and one above it when built.
  for (let folder = new URL(".", import.meta.url); folder.pathname !== "/"; folder = new URL("..", folder)) {
    const { name, version } = manifestIn(folder);
    if (name === "keelson" && version !== undefined) return { name, version };
  }
  throw new Error("keelson/ops can't be bundled into another file: it reads its package.json");
}

function manifestIn(folder: URL): { readonly name?: string; readonly version?: string } {
  try {
    return JSON.parse(readFileSync(new URL("package.json", folder), "utf8")) as Record<string, string>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
}
