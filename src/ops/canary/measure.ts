import { BAD_OUTCOMES, type LatencySample, type OutcomeCounts, type ScenarioMeasured } from "./arms.js";
import type { EarlyAbort } from "./early-abort.js";
import type { ArmName, Block } from "./schedule.js";

/** One request of a block, ended. */
export interface CanaryCall {
  readonly scenario: string;
  readonly outcome: keyof Omit<OutcomeCounts, "valid"> | "aborted";
  /** Milliseconds from when it was due; recorded for what was answered, or wasn't in time. */
  readonly ms: number;
}

/** Asks one arm for the length of a block. */
export type AskArm = (arm: ArmName, block: Block) => Promise<readonly CanaryCall[]>;

/** Collects what an arm did, scenario by scenario. */
export class ArmRecord {
  readonly #scenarios = new Map<string, { samples: LatencySample[]; counts: Record<keyof OutcomeCounts, number> }>();
  readonly #critical: Readonly<Record<string, boolean>>;

  /** @param critical by scenario, all that are asked */
  constructor(critical: Readonly<Record<string, boolean>>) {
    this.#critical = critical;
    for (const name of Object.keys(critical))
      this.#scenarios.set(name, {
        samples: [],
        counts: { valid: 0, success: 0, expected4xx: 0, "5xx": 0, network: 0, timeout: 0, unknown: 0 },
      });
  }

  add({ scenario, outcome, ms }: CanaryCall, block: number): void {
    const record = this.#scenarios.get(scenario);
    if (record === undefined || outcome === "aborted") return;
    record.counts[outcome]++;
    if (outcome === "expected4xx") return;
    record.counts.valid++;
    // A connection that was refused took no time: as a sample it would make a broken arm look fast.
    if (outcome !== "network") record.samples.push({ ms, block });
  }

  get scenarios(): ScenarioMeasured[] {
    return [...this.#scenarios].map(([scenario, { samples, counts }]) => ({
      scenario,
      critical: this.#critical[scenario] ?? true,
      samples,
      counts,
    }));
  }
}

/** Whether a call counts against the arm: `undefined` where it counts for nothing. */
export function badness({ outcome }: CanaryCall): boolean | undefined {
  if (outcome === "expected4xx" || outcome === "aborted") return undefined;
  return (BAD_OUTCOMES as readonly string[]).includes(outcome);
}

/** Asks both arms by the schedule, until its end, an early abort or an interruption. */
export async function measureArms(
  schedule: readonly Block[],
  ask: AskArm,
  records: Readonly<Record<ArmName, ArmRecord>>,
  abort: EarlyAbort,
  signal: AbortSignal,
): Promise<void> {
  for (const block of schedule) {
    if (signal.aborted) return;
    for (const call of await ask(block.arm, block)) {
      records[block.arm].add(call, block.block);
      const bad = badness(call);
      if (bad !== undefined) abort.record(block.arm, bad);
    }
    if (abort.report().decision !== "continue") return;
  }
}
