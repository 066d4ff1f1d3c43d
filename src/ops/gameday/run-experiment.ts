import { complaint, look, perform, unperformed } from "./activities.js";
import type { Activity, Experiment, ROLLBACK_STRATEGIES } from "./experiment.js";
import type { CommandRun, ExperimentRun, Journal, Outcome, Run, State } from "./journal.js";
import type { Loaded } from "./load.js";
import { runMethod } from "./method.js";
import type { Surroundings } from "./providers.js";
import { soonest } from "./soonest.js";

/** When faults are taken back: `deviated`: only when the steady state did not hold. */
export type RollbackStrategy = (typeof ROLLBACK_STRATEGIES)[number];

/** What is told while an experiment runs. */
export interface GameDayStep {
  readonly experiment: string;
  readonly kind: "experiment" | "steady-state" | "activity" | "detection" | "runbook" | "rollback" | "recovery";
  /** Of the activity, the command; in words for the others. */
  readonly name: string;
  readonly ok: boolean;
  /** Why not. */
  readonly reason?: string;
}

/** What an experiment is run with. */
export interface RunContext {
  readonly around: Surroundings;
  /** Of Ctrl-C. What takes faults back is not stopped by it. */
  readonly signal: AbortSignal;
  /** Instead of what the experiment says. */
  readonly rollbacks: RollbackStrategy | undefined;
  readonly dryRun: boolean;
  runCommand(command: Loaded["commands"][number], signal: AbortSignal | undefined): Promise<CommandRun>;
  step(step: GameDayStep): void;
}

type Ran = Omit<ExperimentRun, "file" | "title" | "skipped"> & { readonly journal: Journal };

/**
 * Runs one experiment: steady state, method, alert, runbook and steady state again while the fault is on; then the
 * rollbacks, whatever happened, and the steady state once more, until it holds or its time is up. Never throws.
 */
export async function runExperiment(loaded: Loaded, context: RunContext): Promise<Ran> {
  return new ExperimentInProgress(loaded, context).run();
}

class ExperimentInProgress {
  readonly #loaded: Loaded;
  readonly #experiment: Experiment;
  readonly #context: RunContext;
  readonly #steady: { before: State | null; after: State | null; during: State[] } = {
    before: null,
    after: null,
    during: [],
  };
  readonly #run: Run[] = [];
  readonly #rollbacks: Run[] = [];
  readonly #commands: CommandRun[] = [];
  readonly #notes: string[];
  #status: Journal["status"] = "completed";
  #deviated = false;
  /** Whether something may be left to take back. */
  #begun = false;
  #detection: { state: State; ms: number } | null = null;
  #recovery: { state: State; ms: number } | null = null;
  #rolledBack: boolean | null = null;

  constructor(loaded: Loaded, context: RunContext) {
    this.#loaded = loaded;
    this.#experiment = loaded.experiment;
    this.#context = context;
    this.#notes = [...loaded.notes];
  }

  async run(): Promise<Ran> {
    const { world } = this.#context.around;
    const start = world.now();
    const began = world.monotonic();
    try {
      await this.#fault();
    } catch (error) {
      // A mistake of ours; what it leaves is taken back all the same.
      this.#status = "aborted";
      this.#notes.push(`could not be run to its end: ${(error as Error).message}`);
    }
    if (this.#interrupted) this.#status = "interrupted";
    await this.#takeBack();
    const journal: Journal = {
      experiment: { ...this.#loaded.raw },
      status: this.#status,
      start: start.toISOString(),
      end: world.now().toISOString(),
      duration: (world.monotonic() - began) / 1000,
      deviated: this.#deviated,
      steady_states: this.#steady,
      run: this.#run,
      rollbacks: this.#rollbacks,
    };
    return this.#loaded.redactor.data({
      name: this.#loaded.name,
      journal,
      outcome: this.#outcome(),
      recovery: this.#recovery?.state ?? null,
      detection: this.#detection?.state ?? null,
      commands: this.#commands,
      notes: this.#notes,
    });
  }

  /** Up to where the fault has shown what it does. */
  async #fault(): Promise<void> {
    const { strategy = "default" } = this.#experiment.runtime.hypothesis ?? {};
    if (strategy !== "after-method-only" && strategy !== "during-method-only") {
      this.#steady.before = await this.#lookAt("before the method");
      if (this.#interrupted) return;
      if (this.#steady.before?.steady_state_met === false) {
        this.#status = "failed";
        return;
      }
    }
    this.#begun = true;
    const done = await this.#method(strategy === "continuously" || strategy === "during-method-only");
    if (!done || this.#interrupted) return;
    await this.#detect();
    await this.#runCommands("during");
    if (this.#interrupted) return;
    if (strategy === "default" || strategy === "after-method-only" || strategy === "continuously") {
      this.#steady.after = await this.#lookAt("while the fault is on");
      if (this.#interrupted) return;
      if (this.#steady.after?.steady_state_met === false) this.#deviate();
    }
  }

  /** @returns whether all of it could be done */
  async #method(watched: boolean): Promise<boolean> {
    const { runtime } = this.#experiment;
    const { frequency = 1, fail_fast = false } = runtime.hypothesis ?? {};
    const probes = this.#experiment["steady-state-hypothesis"]?.probes ?? [];
    const { runs, during } = await runMethod(this.#experiment.method, {
      perform: (activity, signal) => this.#perform("activity", activity, signal),
      ...(watched &&
        probes.length > 0 &&
        !this.#context.dryRun && {
          watch: {
            look: (signal) => look(probes, this.#context.around, signal),
            everyMs: frequency * 1000,
            failFast: fail_fast,
          },
        }),
      sleep: (ms, signal) => this.#context.around.world.sleep(ms, signal),
      signal: this.#context.signal,
    });
    this.#run.push(...runs);
    this.#steady.during.push(...during);
    const deviation = during.find(({ steady_state_met }) => !steady_state_met);
    if (deviation !== undefined) {
      this.#deviate();
      this.#tell("steady-state", "while the method ran", deviation);
    }
    // What could not be done has not been tested. A probe of a method only looks.
    if (runs.every(({ status, activity }) => status === "succeeded" || activity.type === "probe")) return true;
    if (!this.#deviated) this.#status = "aborted";
    return false;
  }

  async #detect(): Promise<void> {
    const { detection } = this.#loaded.reliability;
    if (detection === undefined || this.#context.dryRun || this.#interrupted) return;
    const began = this.#context.around.world.monotonic();
    this.#detection = await this.#soonest(detection.probes, detection.within, began, false);
    this.#tell("detection", this.#loaded.reliability.alert ?? "the alert", this.#detection.state);
  }

  async #takeBack(): Promise<void> {
    const { world } = this.#context.around;
    const strategy = this.#strategy();
    const wanted = strategy === "always" || (strategy === "deviated" && this.#deviated);
    const { rollbacks } = this.#experiment;
    const began = world.monotonic();
    if (this.#begun && wanted && rollbacks.length > 0) {
      // Neither Ctrl-C nor one that fails keeps the others from being done.
      for (const activity of rollbacks) this.#rollbacks.push(await this.#perform("rollback", activity, undefined));
      this.#rolledBack = this.#rollbacks.every(({ status }) => status === "succeeded");
    }
    if (!this.#begun || !wanted || this.#context.dryRun) return;
    const { recovery } = this.#loaded.reliability;
    const probes = [...(this.#experiment["steady-state-hypothesis"]?.probes ?? []), ...(recovery?.probes ?? [])];
    if (probes.length > 0) {
      // Whoever has pressed Ctrl-C is told how it is, and doesn't wait for it to get better.
      const within = this.#interrupted ? 0 : (recovery?.within ?? 30);
      this.#recovery = await this.#soonest(probes, within, began, true);
      this.#tell("recovery", "the steady state after the rollbacks", this.#recovery.state);
    }
    if (!this.#interrupted) await this.#runCommands("after");
  }

  async #runCommands(when: "during" | "after"): Promise<void> {
    for (const command of this.#loaded.commands.filter((one) => one.when === when)) {
      if (this.#interrupted || this.#context.dryRun) return;
      const run = await this.#context.runCommand(command, this.#context.signal);
      this.#commands.push(run);
      const { passed, reason } = run;
      this.#context.step({ ...this.#step("runbook", command.id, passed), ...(reason !== undefined && { reason }) });
    }
  }

  async #lookAt(moment: string): Promise<State | null> {
    const hypothesis = this.#experiment["steady-state-hypothesis"];
    if (hypothesis === undefined || this.#context.dryRun) return null;
    const state = await look(hypothesis.probes, this.#context.around, this.#context.signal);
    // What Ctrl-C has cut off says nothing.
    if (this.#interrupted) return null;
    this.#tell("steady-state", moment, state);
    return state;
  }

  async #perform(kind: "activity" | "rollback", activity: Activity, signal: AbortSignal | undefined): Promise<Run> {
    const { around, dryRun } = this.#context;
    const run = dryRun ? unperformed(activity, around) : await perform(activity, around, signal);
    const reason = run.exception?.join("; ");
    this.#context.step({
      ...this.#step(kind, activity.name, run.status === "succeeded"),
      ...(reason !== undefined && { reason: this.#loaded.redactor.text(reason) }),
    });
    return run;
  }

  /** @param finishes whether a look that has begun is finished, when Ctrl-C comes */
  #soonest(probes: Parameters<typeof look>[0], within: number, began: number, finishes: boolean) {
    const { around, signal } = this.#context;
    const once = () => look(probes, around, finishes ? undefined : signal);
    return soonest(once, around.world, { began, withinMs: within * 1000, signal });
  }

  #deviate(): void {
    this.#deviated = true;
    this.#status = "failed";
  }

  #strategy(): RollbackStrategy {
    const { strategy = "default" } = this.#experiment.runtime.rollbacks ?? {};
    return this.#context.rollbacks ?? (strategy === "default" ? "always" : strategy);
  }

  #outcome(): Outcome {
    const { owner, metric, alert } = this.#loaded.reliability;
    const { runbook } = this.#loaded;
    const { after, during } = this.#steady;
    const seen = after !== null || during.length > 0;
    return {
      owner: owner ?? runbook?.owner ?? null,
      runbook: runbook?.name ?? null,
      metric: metric ?? runbook?.metric ?? null,
      expectedAlert: alert ?? runbook?.alert ?? null,
      hypothesisHeld: seen ? !this.#deviated : null,
      detected: this.#detection?.state.steady_state_met ?? null,
      detectedMs: this.#detection?.state.steady_state_met === true ? Math.round(this.#detection.ms) : null,
      rolledBack: this.#rolledBack,
      recovered: this.#recovery?.state.steady_state_met ?? null,
      recoveredMs: this.#recovery?.state.steady_state_met === true ? Math.round(this.#recovery.ms) : null,
    };
  }

  get #interrupted(): boolean {
    return this.#context.signal.aborted;
  }

  #tell(kind: GameDayStep["kind"], name: string, state: State): void {
    const reason = complaint(state);
    this.#context.step({
      ...this.#step(kind, name, state.steady_state_met),
      ...(reason !== undefined && { reason: this.#loaded.redactor.text(reason) }),
    });
  }

  #step(kind: GameDayStep["kind"], name: string, ok: boolean): GameDayStep {
    return { experiment: this.#loaded.name, kind, name, ok };
  }
}
