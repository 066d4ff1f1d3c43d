import { UsageError } from "../failure.js";
import type { RunbookCommand } from "./runbook.js";

const PLAIN = /^[\w./:=@,+%-]+$/;
const VARIABLE = /\$\{(\w+)\}/g;

/** A command as it is typed into a shell: what a runbook's text shows. */
export function commandText({ run }: Pick<RunbookCommand, "run">): string {
  return run.map(word).join(" ");
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

/** Names of the variables that a command needs. */
export function variablesOf({ run }: Pick<RunbookCommand, "run">): string[] {
  return [...new Set(run.flatMap((part) => [...part.matchAll(VARIABLE)].map(([, name = ""]) => name)))];
}

/**
 * A command with its variables filled in.
 *
 * @throws {UsageError} naming a variable that isn't set
 */
export function filledCommand(
  { id, run }: Pick<RunbookCommand, "id" | "run">,
  env: Readonly<Record<string, string | undefined>>,
): string[] {
  return run.map((part) =>
    part.replace(VARIABLE, (_, name: string) => {
      const value = env[name];
      if (value === undefined) throw new UsageError(`command ${id}: the environment has no variable ${name}`);
      return value;
    }),
  );
}

/** One word: as it is where nothing in it means anything to a shell, else in quotes that let variables through. */
function word(part: string): string {
  if (PLAIN.test(part)) return part;
  if (!part.includes("$")) return `'${part.replaceAll("'", "'\\''")}'`;
  return `"${part.replace(/["\\`]/g, "\\$&")}"`;
}
