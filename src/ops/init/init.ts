import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { UsageError } from "../failure.js";
import { configTemplate } from "./config-template.js";
import { canaryTemplate, gateTemplate, ownershipTemplate, sloTemplate } from "./policy-templates.js";
import { WORKFLOW } from "./workflow-template.js";

/** What came of each file. */
export interface InitResult {
  readonly written: readonly string[];
  /** Were there already, and are as they were. */
  readonly kept: readonly string[];
  /** For `package.json`. */
  readonly scripts: Readonly<Record<string, string>>;
}

const CONFIGS = ["ts", "mts", "mjs", "js", "json"].map((ending) => `keelson.config.${ending}`);
const COMMANDS = ["probe", "drill", "gate", "canary", "gameday", "dashboard"];

/**
 * Writes a configuration, policies and a workflow into a project. What is there already stays as it is.
 *
 * @throws {UsageError} when the folder can't be written to
 */
export async function init(folder: string): Promise<InitResult> {
  const service = await nameOf(folder);
  const json = (value: object) => `${JSON.stringify(value, null, 2)}\n`;
  const files: Readonly<Record<string, string>> = {
    "keelson.config.ts": configTemplate(service),
    "scripts/reliability/slo-baseline.json": json(sloTemplate(service)),
    "scripts/reliability/release-gate-policy.json": json(gateTemplate()),
    "scripts/reliability/canary-policy.json": json(canaryTemplate()),
    "scripts/reliability/ownership-matrix.json": json(ownershipTemplate()),
    ".github/workflows/reliability.yml": WORKFLOW,
  };
  const written: string[] = [];
  const kept: string[] = [];
  for (const [name, text] of Object.entries(files)) {
    // A configuration in another language is one, too.
    const there = name.startsWith("keelson.config") ? CONFIGS.find((one) => existsSync(join(folder, one))) : undefined;
    if (there !== undefined) kept.push(there);
    else if (await writeNew(join(folder, name), text)) written.push(name);
    else kept.push(name);
  }
  return {
    written,
    kept,
    scripts: Object.fromEntries(COMMANDS.map((name) => [`reliability:${name}`, `keelson ${name}`])),
  };
}

/** Whether it was written: never over what is there, not even when that came a moment ago. */
async function writeNew(path: string, text: string): Promise<boolean> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { flag: "wx" });
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    throw new UsageError(`${path}: can't be written (${code})`, { cause: error });
  }
}

async function nameOf(folder: string): Promise<string> {
  const path = join(folder, "package.json");
  if (!existsSync(path)) return basename(folder);
  try {
    const { name } = JSON.parse(await readFile(path, "utf8")) as { name?: unknown };
    return typeof name === "string" && name !== "" ? name : basename(folder);
  } catch (error) {
    throw new UsageError(`${path}: no JSON: ${(error as Error).message}`, { cause: error });
  }
}
