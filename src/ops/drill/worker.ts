/** A thread of a drill. It is started by threads.ts, which tells it what to do. */
import { dirname } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { openWorkspace } from "../config/load.js";
import type { PayloadGenerator } from "../config/request.js";
import { UsageError } from "../failure.js";
import { processIo } from "../io.js";
import type { Batch } from "./batch.js";
import type { LaneSpec } from "./lane.js";
import { Load } from "./load.js";
import type { FromThread, PostedLane, ThreadOrders, ToThread } from "./thread-messages.js";

const port = parentPort;
const stopped = new AbortController();

function say(message: FromThread, buffers: ArrayBuffer[] = []): void {
  port?.postMessage(message, buffers);
}

function sayBatch(batch: Batch): void {
  const columns = [batch.stage, batch.lane, batch.outcome, batch.due, batch.sent, batch.done];
  say(
    { kind: "batch", batch },
    columns.map(({ buffer }) => buffer as ArrayBuffer),
  );
}

/** Gets the payload generators that couldn't be handed over from the configuration's file. */
async function withPayloads(lanes: readonly PostedLane[], file: string): Promise<LaneSpec[]> {
  const needed = lanes.some(({ hasPayload }) => hasPayload);
  const io = { ...processIo(stopped.signal), cwd: dirname(file) };
  const scenarios = needed ? (await openWorkspace(io, { config: file })).config.scenarios : {};
  return lanes.map(({ hasPayload, scenario, ...lane }) => {
    if (!hasPayload) return { ...lane, scenario };
    const { scenarioName } = lane;
    return {
      ...lane,
      scenario: { ...scenario, payload: payloadIn(scenarios[scenarioName]?.payload, scenarioName, file) },
    };
  });
}

function payloadIn(payload: PayloadGenerator | undefined, scenario: string, file: string): PayloadGenerator {
  if (payload === undefined)
    throw new UsageError(
      `${file}: scenarios.${scenario}.payload: not there; another thread can have it from there alone`,
    );
  return payload;
}

async function work({ lanes, stages, seed, env, file, share }: ThreadOrders): Promise<void> {
  const load = new Load({ lanes: await withPayloads(lanes, file), seed, env, share });
  try {
    const began = new Promise<number>((resolve) => {
      port?.on("message", (message: ToThread) => {
        if (message.kind === "abort") stopped.abort();
        resolve(message.kind === "go" ? message.at : performance.timeOrigin + performance.now());
      });
    });
    say({ kind: "ready" });
    const start = (await began) - performance.timeOrigin;
    const result = await load.run(stages, { sink: { take: sayBatch }, signal: stopped.signal, start });
    say({ kind: "done", result });
  } finally {
    await load.close();
  }
}

try {
  await work(workerData as ThreadOrders);
} catch (error) {
  say({ kind: "failed", message: (error as Error).message, usage: error instanceof UsageError });
} finally {
  port?.close();
}
