import { complaint, look, perform, unperformed } from "./activities.js";
import type { GameDayStep, RollbackStrategy, RunContext } from "./context.js";
import type { Activity, Experiment } from "./experiment.js";
import type { CommandRun, ExperimentRun, Journal, Run, State } from "./journal.js";
import type { Loaded } from "./load.js";
import { runMethod } from "./method.js";
import { Mitigation } from "./mitigation.js";
import { type Found, outcomeOf } from "./outcome.js";
import { soonest } from "./soonest.js";

type Ran = Omit<ExperimentRun, "file" | "title" | "skipped"> & { readonly journal: Journal };

/**
 * Runs one experiment: steady state, method, alert, runbook, steady state again and the runbook's levers while the fault
 * is on; then the rollbacks and the levers' ends, whatever happened, and the steady state once more, until it holds or
 * its time is up. Never throws.
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
  readonly #mitigation: Mitigation;
  #status: Journal["status"] = "completed";
  #deviated = false;
  /** Whether something may be left to take back. */
  #begun = false;
  #detection: Found | null = null;
  #recovery: Found | null = null;
  #rolledBack: boolean | null = null;

  constructor(loaded: Loaded, context: RunContext) {
    this.#loaded = loaded;
    this.#experiment = loaded.experiment;
    this.#context = context;
    this.#notes = [...loaded.notes];
    this.#mitigation = new Mitigation(context.operator, context.around, loaded.name);
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
      outcome: outcomeOf(this.#loaded, {
        looks: [...this.#steady.during, ...(this.#steady.after === null ? [] : [this.#steady.after])],
        deviated: this.#deviated,
        detection: this.#detection,
        rolledBack: this.#rolledBack,
        recovery: this.#recovery,
        levers: this.#mitigation.levers,
      }),
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
    await this.#mitigate();
  }

  /** Pulls the runbook's levers, when it is known how it is without them. */
  async #mitigate(): Promise<void> {
    for (const measure of this.#loaded.levers) {
      if (this.#interrupted || this.#context.dryRun) return;
      const runs = await this.#mitigation.pull(measure, this.#context.signal);
      this.#run.push(...runs);
      const { exception } = this.#mitigation.levers.at(-1) ?? {};
      const name = `${measure.lever.lever} on ${measure.lever.target}`;
      this.#say("lever", name, exception === undefined, exception?.join("; "));
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
    if (this.#begun && wanted) {
      // Neither Ctrl-C nor one that fails keeps the others from being done.
      for (const activity of rollbacks) this.#rollbacks.push(await this.#perform("rollback", activity, undefined));
    }
    // Levers last: where a fault kept the service from its store, it couldn't end them before. Whatever the strategy, for
    // they are no fault that somebody may want to look at.
    for (const run of await this.#mitigation.release()) {
      this.#rollbacks.push(run);
      this.#told("rollback", run);
    }
    if (this.#rollbacks.length > 0 && (wanted || rollbacks.length === 0))
      this.#rolledBack = this.#rollbacks.every(({ status }) => status === "succeeded");
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
      this.#say("runbook", command.id, passed, reason);
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
    this.#told(kind, run);
    return run;
  }

  #told(kind: "activity" | "rollback", { activity, status, exception }: Run): void {
    this.#say(kind, String(activity.name), status === "succeeded", exception?.join("; "));
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

  get #interrupted(): boolean {
    return this.#context.signal.aborted;
  }

  #tell(kind: GameDayStep["kind"], name: string, state: State): void {
    this.#say(kind, name, state.steady_state_met, complaint(state));
  }

  #say(kind: GameDayStep["kind"], name: string, ok: boolean, reason: string | undefined): void {
    const { name: experiment, redactor } = this.#loaded;
    this.#context.step({ experiment, kind, name, ok, ...(reason !== undefined && { reason: redactor.text(reason) }) });
  }
}
