import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { UnavailableError, UsageError } from "../failure.js";
import type { Batch } from "./batch.js";
import { type CrewOptions, together } from "./crew.js";
import type { RunResult } from "./run.js";
import type { FromThread, PostedLane, ThreadOrders, ToThread } from "./thread-messages.js";

/** All threads begin together, when the last of them has heard of it. */
const HEAD_START_MS = 50;

/**
 * Runs stages from so many threads at once: arrivals are dealt out to them in turn, limits and clients shared among them.
 *
 * @throws {UsageError} when a payload generator fails, or isn't in the configuration's file
 * @throws {UnavailableError} when a thread ends before its work does
 */
export async function runInThreads(count: number, options: CrewOptions): Promise<RunResult> {
  const { signal, onStart } = options;
  const threads = Array.from(
    { length: count },
    (_, at) => new Thread(ordersOf(options, { at, of: count }), (batch) => options.take(batch, at)),
  );
  const abort = () => {
    for (const thread of threads) thread.tell({ kind: "abort" });
  };
  try {
    await Promise.all(threads.map(({ ready }) => ready));
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    onStart();
    const at = performance.timeOrigin + performance.now() + HEAD_START_MS;
    for (const thread of threads) thread.tell({ kind: "go", at });
    return together(await Promise.all(threads.map(({ done }) => done)));
  } finally {
    signal.removeEventListener("abort", abort);
    await Promise.all(threads.map((thread) => thread.end()));
  }
}

function ordersOf({ lanes, stages, seed, env, file }: CrewOptions, share: ThreadOrders["share"]): ThreadOrders {
  return {
    lanes: lanes.map(
      ({ name, scenario: { payload, ...scenario }, scenarioName, target, weight }): PostedLane => ({
        name,
        scenarioName,
        scenario,
        target,
        weight: weight ?? scenario.weight,
        hasPayload: payload !== undefined,
      }),
    ),
    stages,
    seed,
    env: { ...env },
    file,
    share,
  };
}

/** One thread, and what it promised. */
class Thread {
  readonly ready: Promise<void>;
  readonly done: Promise<RunResult>;
  readonly #worker: Worker;

  constructor(orders: ThreadOrders, take: (batch: Batch) => void) {
    const worker = started(orders);
    this.#worker = worker;
    worker.on("message", (message: FromThread) => {
      if (message.kind === "batch") take(message.batch);
    });
    this.ready = new Promise((resolve, reject) => {
      onFailure(worker, reject);
      worker.on("message", ({ kind }: FromThread) => {
        if (kind === "ready") resolve();
      });
    });
    this.done = new Promise((resolve, reject) => {
      onFailure(worker, reject);
      worker.on("message", (message: FromThread) => {
        if (message.kind === "done") resolve(message.result);
      });
    });
    // Where one thread's failure ends the run, nobody waits for the others'.
    this.ready.catch(() => undefined);
    this.done.catch(() => undefined);
  }

  tell(message: ToThread): void {
    this.#worker.postMessage(message);
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}

function onFailure(worker: Worker, fail: (error: Error) => void): void {
  worker.on("message", (message: FromThread) => {
    if (message.kind === "failed")
      fail(message.usage ? new UsageError(message.message) : new UnavailableError(message.message));
  });
  worker.on("error", (error) => fail(new UnavailableError(`a thread failed: ${error.message}`, { cause: error })));
  worker.on("exit", (code) => fail(new UnavailableError(`a thread ended with ${code} before its work was done`)));
}

/** The built thread is a file beside the built module; from source it is TypeScript, which jiti reads. */
function started(workerData: ThreadOrders): Worker {
  const here = import.meta.url;
  if (!here.endsWith(".ts")) return new Worker(new URL("./drill-worker.js", here), { workerData });
  const jiti = pathToFileURL(createRequire(here).resolve("jiti")).href;
  const source = fileURLToPath(new URL("./worker.ts", here));
  const load = `import(${JSON.stringify(jiti)}).then(({ createJiti }) => createJiti(${JSON.stringify(here)}).import(${JSON.stringify(source)}))`;
  return new Worker(load, { eval: true, workerData });
}
