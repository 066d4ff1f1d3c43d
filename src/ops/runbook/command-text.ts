import { UsageError } from "../failure.js";
import type { RunbookCommand, RunbookLever } from "./runbook.js";

const PLAIN = /^[\w./:=@,+%-]+$/;
const VARIABLE = /\$\{(\w+)\}/g;

/** A command as it is typed into a shell: what a runbook's text shows. */
export function commandText({ run }: Pick<RunbookCommand, "run">): string {
  return run.map(word).join(" ");
}

/** How a lever is pulled by hand, as a program with its arguments: what a runbook's text shows under Mitigation. */
export function pullCommand({ lever, target, args, reason, for: lasts }: Omit<RunbookLever, "id">): string[] {
  const told = Object.entries(args).flatMap(([name, value]) => ["--arg", `${name}=${value}`]);
  const expiry = lasts === undefined ? [] : ["--for", lasts];
  return ["keelson", "operate", lever, target, ...told, "--reason", reason, ...expiry];
}

/** How it is taken back by hand: what a runbook's text shows under Rollback. Not for what acts once. */
export function releaseCommand({ lever, target }: Pick<RunbookLever, "lever" | "target">): string[] {
  return ["keelson", "operate", "release", lever, target, "--reason", "it is over"];
}

/** Commands that a runbook's text shows, in its blocks of `sh`; comments left out, continued lines joined. */
export function shownCommands(body: string): string[] {
  return [...body.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, block = ""]) =>
    block
      .replace(/\\\n\s*/g, "")
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "" && !line.startsWith("#")),
  );
}

/** Names of the variables that a command or a lever needs. */
export function variablesOf(needing: Pick<RunbookCommand, "run"> | Pick<RunbookLever, "args">): string[] {
  const parts = "run" in needing ? needing.run : Object.values(needing.args).map(String);
  return [...new Set(parts.flatMap((part) => [...part.matchAll(VARIABLE)].map(([, name = ""]) => name)))];
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * A command with its variables filled in.
 *
 * @throws {UsageError} naming a variable that isn't set
 */
export function filledCommand({ id, run }: Pick<RunbookCommand, "id" | "run">, env: Environment): string[] {
  return run.map((part) => filled(part, `command ${id}`, env));
}

/**
 * What a lever is told, with its variables filled in.
 *
 * @throws {UsageError} naming a variable that isn't set
 */
export function filledArgs({ id, args }: Pick<RunbookLever, "id" | "args">, env: Environment): RunbookLever["args"] {
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => [
      name,
      typeof value === "string" ? filled(value, `lever ${id}`, env) : value,
    ]),
  );
}

function filled(part: string, where: string, env: Environment): string {
  return part.replace(VARIABLE, (_, name: string) => {
    const value = env[name];
    if (value === undefined) throw new UsageError(`${where}: the environment has no variable ${name}`);
    return value;
  });
}

/** One word: as it is where nothing in it means anything to a shell, else in quotes that let variables through. */
function word(part: string): string {
  if (PLAIN.test(part)) return part;
  if (!part.includes("$")) return `'${part.replaceAll("'", "'\\''")}'`;
  return `"${part.replace(/["\\`]/g, "\\$&")}"`;
}
