import { readFile } from "node:fs/promises";
import type { z } from "zod";
import { UsageError } from "../failure.js";
import { problemsOf } from "../problems.js";
import { type Artefact, type ArtefactKind, envelopeSchema, SCHEMA_VERSION } from "./envelope.js";

/**
 * Reads an artefact of any kind.
 *
 * @throws {UsageError} when there is no such file, it is no artefact, or one of a later major version
 */
export async function readArtefact(path: string): Promise<Artefact> {
  const value = await readJson(path);
  const major = SCHEMA_VERSION.split(".")[0];
  const version = (value as { schemaVersion?: unknown } | null)?.schemaVersion;
  if (typeof version === "string" && /^\d+\./.test(version) && version.split(".")[0] !== major)
    throw new UsageError(`${path}: schemaVersion ${version}; this version of the tool reads ${major}.x`);
  return checked(path, envelopeSchema, value);
}

/**
 * Reads an artefact of one kind, with its data.
 *
 * @throws {UsageError} like {@link readArtefact}, and when it is of another kind
 */
export async function readArtefactOf<K extends ArtefactKind, S extends z.ZodType>(
  path: string,
  kind: K,
  data: S,
): Promise<Artefact<K, z.infer<S>>> {
  const artefact = await readArtefact(path);
  if (artefact.kind !== kind) throw new UsageError(`${path}: an artefact of kind ${artefact.kind}; wanted: ${kind}`);
  return { ...artefact, kind, data: checked(path, data, artefact.data, ["data"]) };
}

/**
 * Reads a JSON file.
 *
 * @throws {UsageError} when it is missing or no JSON
 */
export async function readJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new UsageError(`${path}: can't be read (${(error as NodeJS.ErrnoException).code})`, { cause: error });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${path}: no JSON: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * A value by a schema.
 *
 * @throws {UsageError} naming every path at which it is wrong
 */
export function checked<S extends z.ZodType>(
  file: string,
  schema: S,
  value: unknown,
  within: readonly string[] = [],
): z.infer<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new UsageError(
    problemsOf(result.error, value, within)
      .map((problem) => `${file}: ${problem}`)
      .join("\n"),
  );
}
