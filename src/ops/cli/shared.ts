import { Command, InvalidArgumentError } from "commander";
import { type Overrides, openWorkspace, type Workspace } from "../config/load.js";
import type { Io } from "../io.js";
import type { Outputs } from "../report/publish.js";

/** Options that every command has which reads the configuration. */
export interface SharedOptions {
  readonly config?: string;
  readonly target?: string;
  readonly out?: string;
  readonly seed?: number;
  readonly json?: true;
  readonly junit?: string;
  readonly markdown?: string;
  readonly quiet?: true;
}

/** A command with its own options, and arguments where it has some; answers the exit code. */
export type Run<O> = (
  workspace: Workspace,
  options: O & SharedOptions,
  outputs: Outputs,
  args: readonly (string | undefined)[],
) => Promise<number>;

/** Where commands leave the exit code, for commander's own answer is nothing. */
export interface Ended {
  exitCode: number;
}

/** Makes a command that opens the workspace before it runs. */
export function command<O extends object>(name: string, describe: string, io: Io, ended: Ended, run: Run<O>): Command {
  return new Command(name)
    .description(describe)
    .option("-c, --config <file>", "configuration (default: keelson.config.ts, .mts, .mjs, .js or .json)")
    .option("-t, --target <url>", "in the place of the configuration's target")
    .option("-o, --out <folder>", "where artefacts are written (default: .output/reliability)")
    .option("--seed <number>", "seeds everything that is random", whole)
    .option("--json", "print the artefact, and nothing else")
    .option("--junit <file>", "write JUnit XML")
    .option("--markdown <file>", "write Markdown")
    .option("-q, --quiet", "print nothing unless something fails")
    .action(async (...given: unknown[]) => {
      // Arguments come first, then the options and the command itself.
      const options = given.at(-2) as O & SharedOptions;
      const workspace = await openWorkspace(io, overridesOf(options));
      ended.exitCode = await run(workspace, options, outputsOf(options), given.slice(0, -2) as string[]);
    });
}

function overridesOf({ config, target, out, seed }: SharedOptions): Overrides {
  return {
    ...(config !== undefined && { config }),
    ...(target !== undefined && { target }),
    ...(out !== undefined && { output: out }),
    ...(seed !== undefined && { seed }),
  };
}

function outputsOf({ json, junit, markdown, quiet }: SharedOptions): Outputs {
  return {
    ...(json !== undefined && { json }),
    ...(junit !== undefined && { junit }),
    ...(markdown !== undefined && { markdown }),
    ...(quiet !== undefined && { quiet }),
  };
}

/** `a,b, c` as a list. */
export function list(text: string): string[] {
  const names = text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  if (names.length === 0) throw new InvalidArgumentError("expected names, separated by commas");
  return names;
}

/** A whole number, not negative. */
export function whole(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError("expected a whole number");
  return Number(text);
}

/** A number above 0 and at most 1. */
export function part(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 1)) throw new InvalidArgumentError("expected a number above 0 and at most 1");
  return value;
}
