import { randomUUID } from "node:crypto";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathIn, type Workspace } from "../config/load.js";
import { type Artefact, artefactName } from "./envelope.js";

/**
 * Writes an artefact where the configuration says. Whoever reads the folder meanwhile sees the whole file or none.
 *
 * @param variant goes into the name: a drill's profile
 * @returns its path
 */
export async function writeArtefact(workspace: Workspace, artefact: Artefact, variant?: string): Promise<string> {
  const { kind, createdAt } = artefact;
  const path = join(pathIn(workspace, workspace.config.output), artefactName(kind, createdAt, variant));
  await writeWhole(path, `${JSON.stringify(artefact, null, 2)}\n`);
  return path;
}

/** Writes a file by way of another beside it, so that it is never there in part. */
export async function writeWhole(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${randomUUID().slice(0, 8)}.tmp`;
  await writeFile(draft, text);
  await rename(draft, path);
}
