import type { Step } from "../../../core/kernel.js";
import type { LimitConfig, LimitDecision, LimitInput } from "../../../kernel/limit/limit.js";
import type { StepsAnswer, WireStep } from "./wire.js";

/** A step that was decided, but for what is written of it. */
interface Decided {
  readonly step: Step<unknown, object>;
}

type Failure = Extract<StepsAnswer, { failure: unknown }>;

/** A step of a limiter whose limit lies in several documents. */
export interface ShardedStep extends WireStep {
  shards: number;
}

/** See {@link ShardedStep}. */
export function isLimit(step: WireStep): step is ShardedStep {
  return (step.shards ?? 1) > 1;
}

/**
 * Steps a limit that is spread over several documents, so that calls at once don't all write the same. Of two that are
 * drawn by lot the one with more left is taken from (Mitzenmacher, "The Power of Two Choices in Randomized Load
 * Balancing", 2001). Each document holds its part of the limit, so more than the limit is never admitted; a call may be
 * refused while others have some left.
 */
export async function spread<D extends Decided>(
  step: ShardedStep,
  decide: (step: WireStep) => Promise<D | Failure>,
): Promise<{ kept: D[]; decision: object } | Failure> {
  const config = JSON.parse(step.config) as LimitConfig;
  const input = JSON.parse(step.input) as LimitInput;
  const shards = Math.max(1, Math.min(step.shards, config.limit, config.burst));
  const at = (shard: number, asked: LimitInput) =>
    decide({
      ...step,
      // Another number of documents, other documents: parts of different sizes don't add up to a limit.
      space: `${step.space}#${shards}`,
      key: `${shard}:${step.key}`,
      config: JSON.stringify(part(config, shard, shards)),
      input: JSON.stringify(asked),
    });
  const told = (one: D) => ({ ...one.step.decision, limit: config.limit });
  if (input.op === "reset" || input.op === "block") return everywhere(shards, (shard) => at(shard, input), told);
  // Units come back to nobody in particular: that they count until they run out admits no more than the limit.
  const asked = input.op === "refund" ? { op: "peek" as const, amount: 0, at: -1 } : input;
  if (asked.amount > Math.floor(config.burst / shards))
    throw new RangeError(`a limit in ${shards} parts can't give ${asked.amount} units at once`);
  const first = Math.floor(Math.random() * shards);
  const second = (first + 1 + Math.floor(Math.random() * (shards - 1))) % shards;
  const one = await at(first, asked);
  if ("failure" in one || shards === 1) return "failure" in one ? one : { kept: [one], decision: told(one) };
  const other = await at(second, asked);
  if ("failure" in other) return other;
  const better = remaining(other) > remaining(one) ? other : one;
  return { kept: [better], decision: told(better) };
}

async function everywhere<D extends Decided>(
  shards: number,
  decide: (shard: number) => Promise<D | Failure>,
  told: (one: D) => object,
): Promise<{ kept: D[]; decision: object } | Failure> {
  const kept: D[] = [];
  for (let shard = 0; shard < shards; shard++) {
    const one = await decide(shard);
    if ("failure" in one) return one;
    kept.push(one);
  }
  return { kept, decision: told(kept[0] as D) };
}

/** The parts add up to the whole. */
function part(config: LimitConfig, shard: number, shards: number): LimitConfig {
  const share = (units: number) => Math.floor((units + shard) / shards);
  return { ...config, limit: share(config.limit), burst: share(config.burst) };
}

/** What is left where it would be taken from; less than nothing where it isn't to be had. */
function remaining({ step }: Decided): number {
  const { allowed, remaining } = step.decision as LimitDecision;
  return allowed ? remaining : -1;
}
