import type { JobRetention, ToolStats } from "../../core/jobs.js";
import type { QueueCore } from "./core.js";
import type { Spread } from "./tool.js";

/** A queue as a snapshot shows it. */
export interface QueueSnapshot {
  /** Workers of this process, and jobs that run in them. */
  readonly workers: number;
  readonly running: number;
  /** How old what the store said is, in milliseconds; `null` where it has said nothing yet. */
  readonly statsAgeMs: number | null;
  /** Why the store could not say the last time it was asked; `null` where it could. */
  readonly statsFailure: string | null;
  /** Every kind of job that is defined here or was ever enqueued. */
  readonly byTool: Readonly<Record<string, ToolSnapshot>>;
  /** Queued and delayed jobs as a part of `maxQueued`: 1 is full. Only kinds that have such a cap, once the store has said. */
  readonly pressureByTool: Readonly<Record<string, number>>;
  readonly config: {
    readonly leaseMs: number;
    /** 0: none. */
    readonly ttlMs: number;
    readonly pollMs: number;
    readonly concurrency: number;
    readonly maxPerRun: number;
    readonly claimScan: number;
    readonly retentionMs: JobRetention;
  };
}

/** One kind of job in a {@link QueueSnapshot}. */
export interface ToolSnapshot {
  /** In all processes, as the store last said; `null` before. */
  readonly stats: ToolStats | null;
  /** What this process did since it began; `null` for kinds that are not defined here. */
  readonly here: ToolActivity | null;
}

/** What a process did with one kind of job, and the limits in effect there. */
export interface ToolActivity {
  readonly enqueued: number;
  readonly duplicates: number;
  readonly saturated: number;
  readonly started: number;
  readonly succeeded: number;
  readonly retried: number;
  readonly failed: number;
  readonly dead: number;
  readonly released: number;
  readonly lost: number;
  /** From when it was due until it began. */
  readonly wait: Spread;
  /** From when it began until it ended. */
  readonly run: Spread;
  readonly config: {
    /** 0: any number. */
    readonly maxRunning: number;
    /** 0: any number. */
    readonly maxQueued: number;
    readonly attempts: number;
    readonly retryBaseMs: number;
    readonly retryCapMs: number;
    /** 0: no bound. */
    readonly timeoutMs: number;
  };
}

/** Puts a queue's snapshot together, without asking anybody. */
export function queueSnapshot(core: QueueCore, workers: number, running: number): QueueSnapshot {
  const { stats, statsFailure, tools } = core;
  const { leaseMs, ttlMs, pollMs, concurrency, maxPerRun, scan, retention } = core.config.value;
  const said = stats?.tools ?? {};
  const pressureByTool: Record<string, number> = {};
  const byTool: Record<string, ToolSnapshot> = {};
  for (const name of new Set([...tools.keys(), ...Object.keys(said)])) {
    const told = Object.hasOwn(said, name) ? said[name] : undefined;
    byTool[name] = { stats: told ?? null, here: activity(core, name) };
    const maxQueued = tools.has(name) ? core.settings(name).maxQueued : 0;
    if (maxQueued > 0 && stats !== undefined)
      pressureByTool[name] = told === undefined ? 0 : (told.queued + told.delayed) / maxQueued;
  }
  return {
    workers,
    running,
    statsAgeMs: stats === undefined ? null : core.rt.clock.monotonic() - stats.at,
    statsFailure: statsFailure ?? null,
    byTool,
    pressureByTool,
    config: { leaseMs, ttlMs, pollMs, concurrency, maxPerRun, claimScan: scan, retentionMs: retention },
  };
}

function activity(core: QueueCore, name: string): ToolActivity | null {
  const tool = core.tools.get(name);
  if (tool === undefined) return null;
  const { maxRunning, maxQueued, attempts, retryBaseMs, retryCapMs, timeoutMs } = core.settings(name);
  return {
    ...tool.counts,
    wait: tool.wait.spread(),
    run: tool.run.spread(),
    config: { maxRunning, maxQueued, attempts, retryBaseMs, retryCapMs, timeoutMs },
  };
}
