import type { Workspace } from "../config/load.js";
import { UsageError } from "../failure.js";
import { filledArgs, variablesOf } from "../runbook/command-text.js";
import type { Runbook, RunbookCommand } from "../runbook/runbook.js";
import type { Reliability } from "./experiment.js";
import type { Measure } from "./mitigation.js";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Those of the runbook's commands that an experiment runs.
 *
 * @throws {UsageError} when there is none of that id, or it needs a variable that isn't set
 */
export function commandsOf(
  { runbookCommands }: Reliability,
  runbook: Runbook | undefined,
  env: Environment,
  file: string,
): RunbookCommand[] {
  return runbookCommands.map((id) => {
    const found = named("command", runbook?.commands, id, runbook, file);
    needs(`the runbook's command ${id}`, variablesOf(found), env, file);
    return found;
  });
}

/**
 * Those of the runbook's levers that an experiment pulls, filled in.
 *
 * @throws {UsageError} as {@link commandsOf}
 */
export function measuresOf(
  { runbookLevers }: Reliability,
  runbook: Runbook | undefined,
  env: Environment,
  file: string,
): Measure[] {
  return runbookLevers.map(({ id, ...effect }) => {
    const found = named("lever", runbook?.levers, id, runbook, file);
    needs(`the runbook's lever ${id}`, variablesOf(found), env, file);
    return { lever: { ...found, args: filledArgs(found, env) }, effect };
  });
}

/** The environment of a runbook's commands: `SERVICE_URL` is the target, where nothing else is said. */
export function runbookEnv({ io, config }: Pick<Workspace, "io" | "config">): Environment {
  return { SERVICE_URL: config.target.url.replace(/\/$/, ""), ...io.env };
}

function named<T extends { readonly id: string }>(
  kind: "command" | "lever",
  all: readonly T[] | undefined,
  id: string,
  runbook: Runbook | undefined,
  file: string,
): T {
  const found = all?.find((one) => one.id === id);
  if (found !== undefined) return found;
  const there = all?.map((one) => one.id).join(", ") || "none";
  const why =
    runbook === undefined
      ? "no runbook is named"
      : `the runbook ${runbook.name} has no ${kind} ${id}; there are: ${there}`;
  throw new UsageError(`${file}: ${kind === "command" ? "runbookCommands" : "runbookLevers"}: ${why}`);
}

function needs(what: string, variables: readonly string[], env: Environment, file: string): void {
  const missing = variables.filter((name) => env[name] === undefined);
  if (missing.length > 0) throw new UsageError(`${file}: ${what} needs ${missing.join(", ")} in the environment`);
}
