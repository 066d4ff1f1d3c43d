import { monitorEventLoopDelay } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";
import type { ProcessUsage } from "../../core/process-usage.js";

/** What is asked about a process. */
export interface Machine {
  memory(): Pick<ProcessUsage, "rssBytes" | "heapUsedBytes" | "heapLimitBytes">;
  /** Since the process began. */
  cpuSec(): number;
  uptimeMs(): number;
  /** Begins to measure how late the event loop is. */
  loop(): LoopHistogram;
}

/** How late the event loop was, from when it was asked for, or reset. */
export interface LoopHistogram {
  /** `null` before the first measurement. */
  read(): ProcessUsage["loopDelay"];
  reset(): void;
  stop(): void;
}

/** How often the loop is measured. */
const EVERY_MS = 20;
const NS = 1e6;

/** The process that this runs in. */
export const thisProcess: Machine = {
  memory: () => {
    const { used_heap_size: heapUsedBytes, heap_size_limit: heapLimitBytes } = getHeapStatistics();
    return { rssBytes: process.memoryUsage.rss(), heapUsedBytes, heapLimitBytes };
  },
  cpuSec: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  },
  uptimeMs: () => process.uptime() * 1000,
  loop: () => {
    const histogram = monitorEventLoopDelay({ resolution: EVERY_MS });
    histogram.enable();
    // It holds how far its timer's rings are apart.
    const late = (ns: number) => Math.max(0, ns / NS - EVERY_MS);
    return {
      read: () =>
        histogram.count === 0
          ? null
          : {
              p50Ms: late(histogram.percentile(50)),
              p99Ms: late(histogram.percentile(99)),
              maxMs: late(histogram.max),
            },
      reset: () => histogram.reset(),
      stop: () => void histogram.disable(),
    };
  },
};
