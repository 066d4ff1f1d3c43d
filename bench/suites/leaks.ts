/**
 * A million calls through one upstream, of every ending: success, failure, retry, time-out, abort by the caller. What
 * was there before (timers, listeners, heap) is all that may be there after.
 */
import { getEventListeners } from "node:events";
import { Upstream } from "../../src/index.js";
import { memoryInUse, report } from "../harness.js";

const CALLS = 1_000_000;
const upstream = new Upstream("leaks", {
  timeout: "30s",
  attemptTimeout: "10s",
  retry: { attempts: 2, backoff: 0 },
  breaker: { window: "30s", failureRate: 1, minimumCalls: 1_000_000_000 },
  bulkhead: { maxConcurrent: 100, maxQueue: 1000 },
});
const shared = new AbortController();
const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;

async function call(i: number): Promise<void> {
  const own = i % 10 === 9 ? new AbortController() : undefined;
  const signal = own?.signal ?? (i % 10 === 8 ? shared.signal : undefined);
  const running = upstream.run(
    async (attempt) => {
      if (i % 10 === 7) throw new Error("failed");
      if (own !== undefined) {
        queueMicrotask(() => own.abort());
        await new Promise((_, reject) => attempt.signal.addEventListener("abort", () => reject(attempt.signal.reason)));
      }
      return i;
    },
    signal === undefined ? {} : { signal },
  );
  await running.catch(() => undefined);
}

async function calls(n: number): Promise<void> {
  for (let i = 0; i < n; i += 50) await Promise.all(Array.from({ length: 50 }, (_, k) => call(i + k)));
}

await calls(50_000);
const before = { heap: memoryInUse(), timers: timers(), listeners: getEventListeners(shared.signal, "abort").length };
await calls(CALLS);
const after = { heap: memoryInUse(), timers: timers(), listeners: getEventListeners(shared.signal, "abort").length };

const kept = (path: string, unit: string, now: number, then: number, slack: number) => ({
  path: `after ${CALLS.toLocaleString("en")} calls: ${path}`,
  ours: now,
  peer: then,
  peerName: "before them",
  unit,
  ratio: then === 0 ? (now === 0 ? 1 : Number.POSITIVE_INFINITY) : now / then,
  target: 1 + slack,
  met: now <= then * (1 + slack),
});
report("leaks", [
  kept("listeners on a shared signal", "", after.listeners, before.listeners, 0),
  kept("active timers", "", after.timers, before.timers, 0),
  kept("heap", "MB", after.heap / 1e6, before.heap / 1e6, 0.05),
]);
process.exit();
