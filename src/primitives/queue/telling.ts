import type { Context } from "../../core/context.js";
import type { Finish, Finished } from "../../core/jobs.js";
import type { SpanRef } from "../../core/trace-ids.js";
import type { QueueCore } from "./core.js";
import type { Tool } from "./tool.js";

/** What is told of a run. */
export interface ToldRun {
  readonly id: string;
  readonly tool: string;
  readonly attempt: number;
  readonly attempts: number;
  readonly context: Context;
  readonly kind: Tool;
  /** How it ended; `undefined` where its lease was lost before. */
  readonly end: Finish | undefined;
  /** Whether its end may have reached the store already. */
  readonly resent: boolean;
  readonly cancelled: boolean;
  /** What went wrong; why it was given back. */
  readonly error: unknown;
  readonly durationMs: number;
  readonly producer: SpanRef | undefined;
}

/** Counts and tells that a run began. */
export function tellStarted({ name, rt }: QueueCore, run: ToldRun, waitMs: number): void {
  const { kind } = run;
  kind.counts.started++;
  kind.wait.add(waitMs);
  if (rt.events.wants("job.started")) rt.events.emit("job.started", { ...about(name, run), waitMs });
}

/** Counts and tells how a run ended, once the store has taken it. */
export function tellEnded({ name, rt: { events } }: QueueCore, run: ToldRun, finished: Finished): void {
  const { kind, end, error, durationMs } = run;
  const { counts } = kind;
  if (end?.kind !== "released") kind.run.add(durationMs);
  // An end that may have been taken before is not wanted a second time: that tells nothing of the lease.
  if (end === undefined || (finished === "lost" && !run.resent)) {
    counts.lost++;
    if (events.wants("job.lost")) events.emit("job.lost", ended(name, run));
    return;
  }
  switch (end.kind) {
    case "succeeded":
      counts.succeeded++;
      if (events.wants("job.succeeded")) events.emit("job.succeeded", ended(name, run));
      return;
    case "released":
      counts.released++;
      if (events.wants("job.released")) events.emit("job.released", { ...ended(name, run), reason: String(error) });
      return;
    default:
  }
  if (run.cancelled) {
    if (events.wants("job.cancelled")) events.emit("job.cancelled", ended(name, run));
  } else if (end.kind === "failed") {
    counts.failed++;
    if (events.wants("job.failed")) events.emit("job.failed", { ...ended(name, run), error });
  } else if (run.attempt >= run.attempts) {
    counts.dead++;
    if (events.wants("job.dead")) events.emit("job.dead", { ...ended(name, run), error });
  } else {
    counts.retried++;
    const { delayMs } = end;
    if (events.wants("job.retried")) events.emit("job.retried", { ...ended(name, run), delayMs, error });
  }
}

function ended(name: string, run: ToldRun) {
  const { durationMs, producer } = run;
  return { ...about(name, run), durationMs, ...(producer !== undefined && { producer }) };
}

function about(name: string, run: ToldRun) {
  const { tool, id, attempt } = run;
  return { name, tool, id, attempt, context: run.context };
}
