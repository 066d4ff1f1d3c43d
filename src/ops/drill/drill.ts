import type { Artefact } from "../artefact/envelope.js";
import { makeArtefact } from "../artefact/make.js";
import { policyOf, type Workspace } from "../config/load.js";
import type { Target } from "../config/request.js";
import { sloBaselineSchema } from "../config/slo.js";
import { UsageError } from "../failure.js";
import { HttpClient } from "../http/exchange.js";
import { preflight } from "../http/preflight.js";
import { worst } from "../verdict.js";
import { type CrewOptions, runHere } from "./crew.js";
import type { DrillData } from "./data.js";
import { assess } from "./findings.js";
import { lanesOf, type PlannedLane, sloLanes } from "./lanes.js";
import { memoryOf } from "./memory.js";
import { Monitor } from "./monitor.js";
import { drillPlan } from "./plan.js";
import { profileOf, scaled } from "./profiles.js";
import { type DrillProgress, Live } from "./progress.js";
import { Recorder } from "./recorder.js";
import type { PlannedStage } from "./schedule.js";
import { shareOf } from "./share.js";
import { runInThreads } from "./threads.js";

/** Options of {@link runDrill}. */
export interface DrillOptions {
  /** Name of a profile: quick, standard, burst, soak, or one of the configuration's. */
  readonly profile: string;
  /** Names of scenarios, with `*` for any part. Default: all. */
  readonly scenarios?: readonly string[];
  /** Names of targets that scenarios without one of their own go to, each in its turn. Default: `default`, the target. */
  readonly targets?: readonly string[];
  /** Threads that make the load. Default 1: this one. */
  readonly workers?: number;
  /** Stages are so many times as long. Default 1. */
  readonly scale?: number;
  /** Rates are so many times as high. Default 1. */
  readonly rateScale?: number;
  /** Is told once a second how it is going. */
  readonly onProgress?: (progress: DrillProgress) => void;
  /**
   * Asked for the service's memory in bytes as time goes by, in profiles with a trend; `null`: it isn't known. Default:
   * the `process.rssBytes` of the snapshot that the configuration says where to get.
   */
  readonly memory?: () => Promise<number | null>;
}

/**
 * Puts the configuration's scenarios under a profile's load, and judges what was measured by `slo-baseline.json`.
 * Ctrl-C cuts off what is under way; the artefact then has what was measured until then.
 *
 * @throws {UsageError} when a profile, scenario or target isn't there, an SLO names a scenario that isn't, an option is out
 *   of its range, or a payload generator fails
 * @throws {UnavailableError} when a target can't be reached, before any load is made
 */
export async function runDrill(
  workspace: Workspace,
  options: DrillOptions,
): Promise<Artefact<"load-drill", DrillData>> {
  const { config, io, owners, file } = workspace;
  const { profile: name, workers = 1, scale = 1, rateScale = 1, onProgress } = options;
  const began = io.now();
  const profile = scaled(profileOf(name, config.profiles), {
    time: positive(scale, "scale"),
    rate: positive(rateScale, "rateScale"),
  });
  const plan = drillPlan(name, profile);
  checkWorkers(workers, plan.stages);
  const lanes = lanesOf(config, options.scenarios, options.targets);
  const slos = sloLanes(await policyOf(workspace, "slo", sloBaselineSchema), lanes, config);
  await reach(lanes, io.signal);

  const recorder = new Recorder({
    lanes: lanes.map((lane) => lane.name),
    plan: plan.stages,
    stretches: plan.stretches,
    everyMs: plan.everyMs,
    trendMs: plan.trendMs,
  });
  const live = new Live(plan.stages);
  const memory = profile.trend ? (options.memory ?? memoryOf(workspace, lanes)) : undefined;
  const monitor = new Monitor({
    ...(onProgress !== undefined && { onProgress: (ms) => onProgress(live.next(ms)) }),
    ...(typeof memory === "function" && { memory }),
    everyMs: plan.trendMs,
  });
  const crew: CrewOptions = {
    lanes,
    stages: profile.stages,
    seed: config.seed,
    env: io.env,
    file,
    signal: io.signal,
    take: (batch, thread) => {
      recorder.take(batch);
      live.take(batch, thread);
    },
    onStart: () => monitor.start(),
  };
  const result = await (workers === 1 ? runHere(crew) : runInThreads(workers, crew)).finally(() => monitor.stop());

  const { checks, data } = assess({
    profile,
    plan,
    lanes,
    slos,
    recorder,
    result,
    usage: monitor.usage(),
    ...(typeof memory === "object" && { unasked: memory }),
    interrupted: io.signal.aborted,
  });
  const complete = checks.map((check) => owners.complete(check));
  return makeArtefact(workspace, "load-drill", began, {
    verdict: io.signal.aborted ? "interrupted" : worst(complete),
    checks: complete,
    data: {
      profile: name,
      scale: { time: scale, rate: rateScale },
      seed: config.seed,
      ...data,
      generator: { threads: workers, ...data.generator },
    },
  });
}

function positive(value: number, option: string): number {
  if (Number.isFinite(value) && value > 0) return value;
  throw new UsageError(`--${option}: got ${value}; expected a number above 0`);
}

/** Every thread needs something to do in every stage: else limits that are shared among them would not be kept. */
function checkWorkers(workers: number, plan: readonly PlannedStage[]): void {
  if (!Number.isInteger(workers) || workers < 1)
    throw new UsageError(`--workers: got ${workers}; expected a whole number from 1`);
  for (const { name, load } of plan) {
    const most = load.kind === "open" ? load.maxInFlight : load.concurrency;
    if (shareOf(most, { at: workers - 1, of: workers }) === 0)
      throw new UsageError(`--workers: got ${workers}; stage ${name} has ${most} requests under way at most`);
  }
}

async function reach(lanes: readonly PlannedLane[], signal: AbortSignal): Promise<void> {
  for (const target of new Set<Target>(lanes.map((lane) => lane.target))) {
    const client = new HttpClient({ insecureTls: target.insecureTls });
    try {
      await preflight(client, target, signal);
    } finally {
      await client.close();
    }
  }
}
