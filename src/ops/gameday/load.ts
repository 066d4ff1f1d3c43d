import { readdir, readFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { parse, YAMLParseError } from "yaml";
import { checked, readJson } from "../artefact/read.js";
import { Redactor } from "../artefact/redact.js";
import { pathIn, type Workspace } from "../config/load.js";
import { UsageError } from "../failure.js";
import { type Runbook, type RunbookCommand, readRunbook } from "../runbook/runbook.js";
import {
  configurationSchema,
  type Experiment,
  experimentSchema,
  type Reliability,
  reliabilitySchema,
  secretsSchema,
} from "./experiment.js";
import type { Measure } from "./mitigation.js";
import { commandsOf, measuresOf, runbookEnv } from "./of-runbook.js";
import { substitute, valuesOf } from "./substitute.js";
import { withoutTtl } from "./ttl.js";

/** An experiment that can be run. */
export interface Loaded {
  /** Of its file, without extension. */
  readonly name: string;
  readonly file: string;
  /** As it was read, nothing filled in. */
  readonly raw: Readonly<Record<string, unknown>>;
  readonly experiment: Experiment;
  readonly reliability: Reliability;
  readonly runbook: Runbook | undefined;
  /** Of the runbook, those that are run. */
  readonly commands: readonly RunbookCommand[];
  /** Of the runbook, those that are pulled. */
  readonly levers: readonly Measure[];
  /** Takes the experiment's own secrets out. */
  readonly redactor: Redactor;
  /** What of the file is not done. */
  readonly notes: readonly string[];
}

/** An experiment that needs what isn't there. */
export interface Skipped {
  readonly name: string;
  readonly file: string;
  readonly title: string;
  readonly reliability: Reliability;
  readonly skipped: string;
}

const EXTENSIONS = [".json", ".yaml", ".yml"];

/**
 * Reads the experiments of the configured folder.
 *
 * @param wanted names, with `*` for any part; all when left out
 * @throws {UsageError} when there are none, a name matches none, or one can't be used: each line says where and why
 */
export async function loadExperiments(workspace: Workspace, wanted?: readonly string[]): Promise<(Loaded | Skipped)[]> {
  const folder = pathIn(workspace, workspace.config.experiments);
  const files = (await readdir(folder).catch(() => [])).filter((file) => EXTENSIONS.includes(extname(file))).sort();
  if (files.length === 0) throw new UsageError(`${folder}: no experiments (${EXTENSIONS.join(", ")})`);
  const byName = new Map(files.map((file) => [basename(file, extname(file)), file]));
  const names = chosen([...byName.keys()], wanted);
  return Promise.all(names.map((name) => loadExperiment(workspace, name, join(folder, byName.get(name) ?? name))));
}

function chosen(names: readonly string[], wanted: readonly string[] | undefined): readonly string[] {
  if (wanted === undefined || wanted.length === 0) return names;
  const picked = wanted.map((pattern) => {
    const source = pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*");
    const found = names.filter((name) => new RegExp(`^${source}$`).test(name));
    if (found.length === 0) throw new UsageError(`no experiment ${pattern}; there are: ${names.join(", ")}`);
    return found;
  });
  return names.filter((name) => picked.some((found) => found.includes(name)));
}

/**
 * Reads one experiment.
 *
 * @throws {UsageError} saying where and why it can't be used
 */
export async function loadExperiment(workspace: Workspace, name: string, file: string): Promise<Loaded | Skipped> {
  const raw = await contentOf(file);
  refuse(raw, file);
  const reliability = reliabilityOf(raw, file);
  const missing = reliability.needs.filter((variable) => (workspace.io.env[variable] ?? "") === "");
  if (missing.length > 0)
    return { name, file, title: String(raw.title), reliability, skipped: `needs ${missing.join(", ")}` };

  const configuration = checked(file, configurationSchema, raw.configuration ?? {}, ["configuration"]);
  const secrets = checked(file, secretsSchema, raw.secrets ?? {}, ["secrets"]);
  const values = valuesOf(configuration, secrets, workspace.io.env, file);
  const { configuration: _, secrets: __, ...rest } = raw;
  const filled = substitute(rest, values.byName, file) as object;
  const experiment = checked(file, experimentSchema, { ...filled, configuration, secrets });
  const stays = withoutTtl(experiment, reliability.withoutTtl);
  if (stays.length > 0) throw new UsageError(stays.map((line) => `${file}: ${line}`).join("\n"));
  // What recovery and detection ask is in the extension, whose texts are filled in by now.
  const extended = reliabilityOf(filled as typeof raw, file);
  const runbook = extended.runbook === undefined ? undefined : await readRunbook(workspace, extended.runbook);
  const env = runbookEnv(workspace);
  return {
    name,
    file,
    raw,
    experiment,
    reliability: extended,
    runbook,
    commands: commandsOf(extended, runbook, env, file),
    levers: measuresOf(extended, runbook, env, file),
    redactor: new Redactor(values.secrets),
    notes: notesOf(raw),
  };
}

async function contentOf(file: string): Promise<Readonly<Record<string, unknown>>> {
  const value = extname(file) === ".json" ? await readJson(file) : await yamlOf(file);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new UsageError(`${file}: expected an experiment: title, description, method`);
  return value as Readonly<Record<string, unknown>>;
}

async function yamlOf(file: string): Promise<unknown> {
  try {
    return parse(await readFile(file, "utf8"));
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    throw new UsageError(`${file}: no YAML: ${error.message}`, { cause: error });
  }
}

/** What Chaos Toolkit can do and this can't, named before the schema says that it is not as expected. */
function refuse(raw: unknown, file: string): void {
  const wrong: string[] = [];
  const walk = (value: unknown, path: string): void => {
    if (typeof value !== "object" || value === null) return;
    const { type, ref, provider } = value as Record<string, unknown>;
    const kind = (provider as { type?: unknown } | undefined)?.type;
    if (kind === "python") wrong.push(`${path}.provider: python providers are not run; use http or process`);
    if (typeof ref === "string") wrong.push(`${path}.ref: references are not followed; write the activity out`);
    if (type === "vault") wrong.push(`${path}: secrets of a vault are not read; use {"type": "env"}`);
    if (type === "probe" && path.startsWith(".configuration"))
      wrong.push(`${path}: configuration by a probe is not read; use {"type": "env"}`);
    for (const [key, item] of Object.entries(value)) {
      // What an activity sends is its own.
      if (key !== "arguments") walk(item, Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`);
    }
  };
  walk(raw, "");
  if (wrong.length > 0) throw new UsageError(wrong.map((line) => `${file}: ${line.replace(/^\./, "")}`).join("\n"));
}

function reliabilityOf(raw: Readonly<Record<string, unknown>>, file: string): Reliability {
  const extensions: readonly unknown[] = Array.isArray(raw.extensions) ? raw.extensions : [];
  const at = extensions.findIndex((one) => (one as { name?: unknown } | null)?.name === "reliability");
  const given = at === -1 ? { name: "reliability" } : extensions[at];
  return checked(file, reliabilitySchema, given, [`extensions[${at}]`]);
}

function notesOf(raw: unknown): string[] {
  const text = JSON.stringify(raw);
  return text.includes('"controls":') ? ["controls are not run"] : [];
}
