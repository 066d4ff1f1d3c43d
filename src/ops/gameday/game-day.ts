import { relative } from "node:path";
import type { Artefact } from "../artefact/envelope.js";
import { makeArtefact } from "../artefact/make.js";
import type { Workspace } from "../config/load.js";
import { UsageError } from "../failure.js";
import { OperatorClient } from "../operate/client.js";
import { runRunbookCommand } from "../runbook/run-command.js";
import type { RunbookCommand } from "../runbook/runbook.js";
import { type RawCheck, worst } from "../verdict.js";
import { checksOf, notRun } from "./checks.js";
import type { GameDayStep, RollbackStrategy, RunContext } from "./context.js";
import type { CommandRun, ExperimentRun, GameDayData } from "./journal.js";
import { type Loaded, loadExperiments, type Skipped } from "./load.js";
import { runbookEnv } from "./of-runbook.js";
import { outcomeOf } from "./outcome.js";
import { runExperiment } from "./run-experiment.js";
import { realWorld, type World } from "./world.js";

/** Options of {@link runGameDay}. */
export interface GameDayOptions {
  /** Names of experiments, with `*` for any part. Default: all of the configured folder. */
  readonly experiments?: readonly string[];
  /** When faults are taken back. Default: as each experiment says, and always where it says nothing. */
  readonly rollbacks?: RollbackStrategy;
  /** Reads and checks everything, and does nothing. Default false. */
  readonly dryRun?: boolean;
  readonly onStep?: (step: GameDayStep) => void;
  /** Whether programs may be run: processes of experiments, and commands of runbooks. Default true. */
  readonly allowProcess?: boolean;
  /** What experiments act on. Default: the real one. */
  readonly world?: World;
}

/** Of what a command prints, the rest is left out. */
const MOST_PRINTED = 4_000;

/**
 * Runs experiments one after the other. When the workspace's signal is aborted, the one that runs is broken off and
 * rolled back, and the others are not begun.
 *
 * @throws {UsageError} before anything is done, when an experiment or a runbook can't be used, or a name matches none
 */
export async function runGameDay(
  workspace: Workspace,
  options: GameDayOptions = {},
): Promise<Artefact<"game-day", GameDayData>> {
  const { rollbacks, dryRun = false, allowProcess = true, onStep = () => undefined } = options;
  const { io } = workspace;
  const began = io.now();
  const loaded = await loadExperiments(workspace, options.experiments);
  if (!allowProcess) refuseProcesses(loaded);
  const real = realWorld(() => io.now());
  const world = options.world ?? real;
  try {
    const experiments: ExperimentRun[] = [];
    const checks: RawCheck[] = [];
    for (const each of loaded) {
      if (io.signal.aborted) break;
      const context = contextOf(workspace, world, { rollbacks, dryRun, onStep });
      const { run, found } = await one(workspace, each, context);
      experiments.push(run);
      checks.push(...found);
    }
    const complete = checks.map((check) => workspace.owners.complete(check));
    return await makeArtefact(workspace, "game-day", began, {
      verdict: io.signal.aborted ? "interrupted" : worst(complete),
      checks: complete,
      data: { rollbacks: rollbacks ?? "file", dryRun, experiments },
    });
  } finally {
    await real.close();
  }
}

async function one(
  workspace: Workspace,
  each: Loaded | Skipped,
  context: RunContext,
): Promise<{ readonly run: ExperimentRun; readonly found: readonly RawCheck[] }> {
  const place = { name: each.name, file: relative(workspace.folder, each.file) };
  if ("skipped" in each) {
    context.step({ experiment: each.name, kind: "experiment", name: each.title, ok: true, reason: each.skipped });
    const run: ExperimentRun = {
      ...place,
      title: each.title,
      journal: null,
      skipped: each.skipped,
      outcome: outcomeOf(
        { reliability: each.reliability, runbook: undefined },
        { looks: [], deviated: false, detection: null, rolledBack: null, recovery: null, levers: [] },
      ),
      recovery: null,
      detection: null,
      commands: [],
      notes: [],
    };
    return { run, found: [notRun(run, each.skipped)] };
  }
  const { title } = each.experiment;
  context.step({ experiment: each.name, kind: "experiment", name: title, ok: true });
  const run: ExperimentRun = { ...(await runExperiment(each, context)), ...place, title, skipped: null };
  const path = (name: string) => `${workspace.config.runbooks}/${name}.md`;
  const found = context.dryRun ? [notRun(run, "a dry run")] : checksOf(run, each, path);
  return { run, found };
}

function contextOf(
  { io, folder, config, redactor }: Workspace,
  world: World,
  given: {
    readonly rollbacks: RollbackStrategy | undefined;
    readonly dryRun: boolean;
    readonly onStep: (step: GameDayStep) => void;
  },
): RunContext {
  const env = runbookEnv({ io, config });
  return {
    around: { world, env, cwd: folder },
    operator: new OperatorClient(config, (sent) => world.ask(sent, !config.target.insecureTls)),
    signal: io.signal,
    rollbacks: given.rollbacks,
    dryRun: given.dryRun,
    async runCommand(command: RunbookCommand, signal): Promise<CommandRun> {
      const { id, run, when } = command;
      const outcome = await runRunbookCommand(command, {
        env,
        cwd: folder,
        ...(signal && { signal }),
        run: (call) => world.run(call),
      });
      const { passed, code, stdout, stderr, ms, reason } = outcome;
      return {
        id,
        run,
        when,
        passed,
        exit: code,
        stdout: stdout.slice(0, MOST_PRINTED),
        stderr: stderr.slice(0, MOST_PRINTED),
        ms: Math.round(ms),
        ...(reason !== null && { reason }),
      };
    },
    step: (step) => given.onStep({ ...step, ...(step.reason !== undefined && { reason: redactor.text(step.reason) }) }),
  };
}

function refuseProcesses(loaded: readonly (Loaded | Skipped)[]): void {
  for (const each of loaded) {
    if ("skipped" in each) continue;
    const { experiment, reliability, commands, file } = each;
    const activities = [
      ...experiment.method,
      ...experiment.rollbacks,
      ...(experiment["steady-state-hypothesis"]?.probes ?? []),
      ...(reliability.detection?.probes ?? []),
      ...(reliability.recovery?.probes ?? []),
      ...reliability.runbookLevers.flatMap(({ probes }) => probes),
    ];
    const process = activities.find(
      ({ provider, tolerance }) =>
        provider.type === "process" ||
        (typeof tolerance === "object" &&
          !Array.isArray(tolerance) &&
          tolerance.type === "probe" &&
          tolerance.provider.type === "process"),
    );
    if (process !== undefined)
      throw new UsageError(`${file}: ${process.name} runs a program, and programs may not be run`);
    if (commands[0] !== undefined)
      throw new UsageError(`${file}: the runbook's ${commands[0].id} is a program, and programs may not be run`);
  }
}
