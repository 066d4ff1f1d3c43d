import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { dirname, extname, isAbsolute, join } from "node:path";
import { pathToFileURL } from "node:url";
import { createJiti } from "jiti";
import type { z } from "zod";
import { checked, readJson } from "../artefact/read.js";
import { Redactor, secretsOf } from "../artefact/redact.js";
import { UsageError } from "../failure.js";
import type { Io } from "../io.js";
import { type Config, configSchema, defineConfig } from "./config.js";
import { Ownership, ownershipSchema } from "./ownership.js";
import { targetSchema } from "./request.js";

const NAMES = [
  "keelson.config.ts",
  "keelson.config.mts",
  "keelson.config.mjs",
  "keelson.config.js",
  "keelson.config.json",
];

/** What every command works with. */
export interface Workspace {
  readonly config: Config;
  /** The configuration's file; relative paths in it start at its folder. */
  readonly file: string;
  readonly folder: string;
  /** Of the configuration as it is used, secrets left out. */
  readonly sha256: string;
  readonly owners: Ownership;
  readonly redactor: Redactor;
  readonly io: Io;
}

/** What the command line says over the configuration. */
export interface Overrides {
  /** The configuration's file. Default: the first of the usual names in the working folder. */
  readonly config?: string;
  /** In the place of the target's address. */
  readonly target?: string;
  readonly output?: string;
  readonly seed?: number;
}

/**
 * Reads the configuration and the ownership matrix.
 *
 * @throws {UsageError} when there is none, or something in it is wrong: each line names a path, what is there and what
 *   is expected
 */
export async function openWorkspace(io: Io, overrides: Overrides = {}): Promise<Workspace> {
  const file = locate(io.cwd, overrides.config);
  const config = override(checked(file, configSchema, await contentOf(file)), overrides);
  const folder = dirname(file);
  const redactor = new Redactor([...config.secrets, ...secretsOf(io.env)]);
  const sha256 = createHash("sha256")
    .update(JSON.stringify(redactor.data(config)))
    .digest("hex");
  const path = join(folder, config.policies.ownership);
  // Its absence is no mistake: who has no owners yet still has probes.
  const matrix = existsSync(path) ? await policyAt(path, ownershipSchema) : undefined;
  return { config, file, folder, sha256, owners: new Ownership(matrix), redactor, io };
}

/**
 * Reads one of the policy files that the configuration names.
 *
 * @throws {UsageError} when it is missing or wrong
 */
export function policyOf<S extends z.ZodType>(
  { config, folder }: Workspace,
  which: keyof Config["policies"],
  schema: S,
): Promise<z.infer<S>> {
  return policyAt(join(folder, config.policies[which]), schema);
}

async function policyAt<S extends z.ZodType>(path: string, schema: S): Promise<z.infer<S>> {
  return checked(path, schema, await readJson(path));
}

/** An absolute path for one of the configuration's. */
export function pathIn({ folder }: Workspace, path: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}

function locate(cwd: string, given: string | undefined): string {
  const path = (name: string) => (isAbsolute(name) ? name : join(cwd, name));
  if (given !== undefined) {
    if (!existsSync(path(given))) throw new UsageError(`${given}: there is no such file; keelson init writes one`);
    return path(given);
  }
  const found = NAMES.map(path).find((name) => existsSync(name));
  if (found === undefined)
    throw new UsageError(`no configuration in ${cwd}: one of ${NAMES.join(", ")}; keelson init writes one`);
  return found;
}

async function contentOf(file: string): Promise<unknown> {
  if (extname(file) === ".json") return readJson(file);
  try {
    // What runs next to the configuration may not have built anything: TypeScript is read as it is.
    const jiti = createJiti(pathToFileURL(file).href, {
      interopDefault: true,
      moduleCache: false,
      // What it imports is this very version, and needn't be installed where the command is tried out.
      virtualModules: { "keelson/ops": { defineConfig } },
    });
    return await jiti.import(file, { default: true });
  } catch (error) {
    throw new UsageError(`${file}: can't be loaded: ${(error as Error).message}`, { cause: error });
  }
}

function override(config: Config, { target, output, seed }: Overrides): Config {
  return {
    ...config,
    ...(target !== undefined && {
      target: { ...config.target, ...checked("--target", targetSchema, target), headers: config.target.headers },
    }),
    ...(output !== undefined && { output }),
    ...(seed !== undefined && { seed }),
  };
}
