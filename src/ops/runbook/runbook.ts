import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { parse, YAMLParseError } from "yaml";
import { z } from "zod";
import { type Duration, milliseconds } from "../../core/duration.js";
import { LEVERS } from "../../core/levers.js";
import { checked } from "../artefact/read.js";
import { pathIn, type Workspace } from "../config/load.js";
import { duration, id } from "../config/values.js";
import { jsonMatchSchema, jsonPath, textMatchSchema } from "../expect/expectation.js";
import { UsageError } from "../failure.js";

/** Longer than that no lever lasts. */
const LONGEST_MS = 24 * 3_600_000;

const command = z.strictObject({
  id,
  /** A program and its arguments; no shell reads them. `${NAME}` is a variable of the environment. */
  run: z.array(z.string()).min(1),
  expect: z
    .strictObject({
      /** Default 0. */
      exit: z.int().min(0).max(255).default(0),
      stdout: textMatchSchema.exactOptional(),
      /** By JSONPath in what it prints. */
      json: z.record(jsonPath, jsonMatchSchema).exactOptional(),
    })
    .default({ exit: 0 }),
  /** Whether a game day runs it while the fault is on, or after the rollbacks. Default `during`. */
  when: z.enum(["during", "after"]).default("during"),
  /** Default 10 s. */
  timeout: duration.default(10_000),
});
export type RunbookCommand = z.output<typeof command>;

const lever = z.strictObject({
  id,
  lever: z.enum(LEVERS),
  /** What it is pulled on: `upstream:openrouter`. */
  target: z.string().min(1),
  /** What the lever is told. `${NAME}` is a variable of the environment. */
  args: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
  /** Why: it is written into the audit. */
  reason: z.string().trim().min(1).max(200),
  /** How long it is in effect: `15m`, at most `24h`. Left out for what acts once. */
  for: z.string().refine(isExpiry, 'expected a duration from "1s" to "24h"').exactOptional(),
});
/** A lever that a runbook names, as its front matter has it. */
export type RunbookLever = z.output<typeof lever>;

/** What stands at the head of a runbook, between two lines of `---`. */
export const runbookSchema = z
  .strictObject({
    owner: z.string().min(1),
    /** What in the snapshot, or of a drill, shows the situation. */
    metric: z.string().min(1),
    /** The alert that leads here. */
    alert: z.string().min(1),
    commands: z.array(command).default([]),
    /** What `keelson operate` can do about it. */
    levers: z.array(lever).default([]),
  })
  .describe("Front matter of a runbook.");

/** A runbook: Markdown, with what machines need of it at its head. */
export interface Runbook extends z.output<typeof runbookSchema> {
  /** Of its file, without `.md`. */
  readonly name: string;
  readonly title: string;
  /** What follows the front matter. */
  readonly body: string;
}

const FRONT_MATTER = /^---\r?\n([\s\S]*?)\r?\n---\r?\n([\s\S]*)$/;

/**
 * Reads a runbook's text.
 *
 * @param file named in errors
 * @throws {UsageError} when it has no front matter, or something in that is wrong
 */
export function parseRunbook(text: string, file: string): Runbook {
  const [, head, body] = FRONT_MATTER.exec(text) ?? [];
  if (head === undefined || body === undefined)
    throw new UsageError(
      `${file}: no front matter; expected owner, metric, alert and commands between two lines of ---`,
    );
  const front = checked(file, runbookSchema, yamlOf(head, file));
  for (const list of ["commands", "levers"] as const) {
    const ids = front[list].map((one) => one.id);
    const twice = ids.find((one, at) => ids.indexOf(one) < at);
    if (twice !== undefined) throw new UsageError(`${file}: ${list}: ${twice} is there twice`);
  }
  const title = /^# (.+)$/m.exec(body)?.[1];
  if (title === undefined) throw new UsageError(`${file}: no title; expected a line that begins with "# "`);
  return { ...front, name: basename(file, ".md"), title, body };
}

/**
 * Reads a runbook of the configured folder by its name.
 *
 * @throws {UsageError} when there is none, or it is wrong
 */
export async function readRunbook(workspace: Workspace, name: string): Promise<Runbook> {
  const path = join(pathIn(workspace, workspace.config.runbooks), `${name}.md`);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const there = (await runbookNames(workspace)).join(", ") || "none";
    throw new UsageError(`runbook ${name}: ${path} can't be read; there are: ${there}`, { cause: error });
  }
  return parseRunbook(text, path);
}

/** Names of the runbooks in the configured folder, in order; none where there is no such folder. */
export async function runbookNames(workspace: Workspace): Promise<string[]> {
  const files = await readdir(pathIn(workspace, workspace.config.runbooks)).catch(() => []);
  return files
    .filter((file) => file.endsWith(".md") && file !== "README.md")
    .map((file) => basename(file, ".md"))
    .sort();
}

function isExpiry(value: string): boolean {
  try {
    return milliseconds(value as Duration, "", 1_000) <= LONGEST_MS;
  } catch {
    return false;
  }
}

function yamlOf(text: string, file: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    throw new UsageError(`${file}: no YAML: ${error.message}`, { cause: error });
  }
}
