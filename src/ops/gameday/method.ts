import type { Activity } from "./experiment.js";
import type { Run, State } from "./journal.js";

/** How a method is run. */
export interface MethodCall {
  perform(activity: Activity, signal: AbortSignal): Promise<Run>;
  /** Looks at the steady state meanwhile. */
  readonly watch?: {
    look(signal: AbortSignal): Promise<State>;
    readonly everyMs: number;
    /** Breaks the method off as soon as it doesn't hold. */
    readonly failFast: boolean;
  };
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * Does the activities one after the other, those in the background meanwhile, and waits for these at the end. An action
 * that can't be done ends it: what comes after it would test something else.
 */
export async function runMethod(
  method: readonly Activity[],
  { perform, watch, sleep, signal }: MethodCall,
): Promise<{ readonly runs: readonly Run[]; readonly during: readonly State[] }> {
  const over = new AbortController();
  const broken = new AbortController();
  const stopped = AbortSignal.any([signal, broken.signal]);
  const during: State[] = [];
  const watching = watchState();
  const runs: Promise<Run>[] = [];
  for (const activity of method) {
    if (stopped.aborted) break;
    const run = perform(activity, stopped);
    runs.push(run);
    if (activity.background) continue;
    const { status } = await run;
    if (status === "failed" && activity.type === "action") break;
  }
  const done = await Promise.all(runs);
  over.abort();
  await watching;
  return { runs: done, during };

  async function watchState(): Promise<void> {
    if (watch === undefined) return;
    do {
      const state = await watch.look(signal);
      if (signal.aborted) return;
      during.push(state);
      if (watch.failFast && !state.steady_state_met) {
        broken.abort();
        return;
      }
      await sleep(watch.everyMs, AbortSignal.any([signal, over.signal]));
    } while (!over.signal.aborted && !signal.aborted);
  }
}
