import type { Stage } from "../config/scenario.js";
import type { Batch } from "./batch.js";
import type { LaneSpec } from "./lane.js";
import { Load } from "./load.js";
import type { RunResult, StageRun } from "./run.js";

/** What a crew needs to know. */
export interface CrewOptions {
  readonly lanes: readonly LaneSpec[];
  readonly stages: readonly Stage[];
  readonly seed: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The configuration's file: where other threads get payload generators, which can't be handed to them. */
  readonly file: string;
  readonly signal: AbortSignal;
  /** Takes what a thread measured, as it comes. */
  take(batch: Batch, thread: number): void;
  /** Told when the load begins. */
  onStart(): void;
}

/** Runs stages from this thread. */
export async function runHere({ lanes, stages, seed, env, signal, take, onStart }: CrewOptions): Promise<RunResult> {
  const load = new Load({ lanes, seed, env });
  try {
    onStart();
    return await load.run(stages, { sink: { take: (batch) => take(batch, 0) }, signal });
  } finally {
    await load.close();
  }
}

/** What several threads came to, as one. */
export function together(results: readonly RunResult[]): RunResult {
  const stages = results.reduce((most, one) => Math.max(most, one.stages.length), 0);
  const sum = (at: number, read: (stage: StageRun) => readonly number[]): number[] => {
    const columns = results.flatMap(({ stages: all }) => (all[at] === undefined ? [] : [read(all[at])]));
    return (columns[0] ?? []).map((_, lane) => columns.reduce((total, column) => total + (column[lane] ?? 0), 0));
  };
  return {
    stages: Array.from({ length: stages }, (_, at) => ({
      due: sum(at, ({ due }) => due),
      unsent: sum(at, ({ unsent }) => unsent),
      heldBack: results.reduce((total, one) => total + (one.stages[at]?.heldBack ?? 0), 0),
    })),
    loopDelayP99Ms: Math.max(...results.map((one) => one.loopDelayP99Ms)),
    loopDelayMaxMs: Math.max(...results.map((one) => one.loopDelayMaxMs)),
  };
}
