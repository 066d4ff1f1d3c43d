import type { Context } from "../../core/context.js";
import { type MaybePromise, type Outcome, StoreFailure } from "../../core/store.js";
import type { LimitDecision } from "../../kernel/limit/limit.js";
import type { Decision, Limiter } from "./limiter.js";

/** One of several limits that are taken together. */
export interface LimiterTake {
  readonly limiter: Limiter;
  readonly key: string;
  /** Units. Default 1. */
  readonly cost?: number;
}

/** What came of several limits. */
export interface MultiDecision {
  /** Whether all of them allowed it. If not, nothing was taken from any. */
  readonly allowed: boolean;
  /** The longest wait of those that refused. */
  readonly retryAfterMs: number;
  /**
   * `atomic`: the store decided all in one step. `compensated`: they lie apart, so they were taken in turn, and what
   * the first ones gave was handed back when a later one refused: never admits too much, but may for a moment refuse
   * what would have been allowed.
   */
  readonly atomicity: "atomic" | "compensated";
  /** Each limit's own, in their order. Those after a refusal are missing where they were taken in turn. */
  readonly decisions: readonly Decision[];
}

/**
 * Takes from several limiters, all or nothing.
 *
 * @throws {ConfigError} when one of them could never give so many units
 */
export function takeAll(takes: readonly LimiterTake[], context?: Context): MaybePromise<MultiDecision> {
  const merged = withoutDoubles(takes);
  const store = merged[0]?.limiter.store;
  if (store === undefined) return { allowed: true, retryAfterMs: 0, atomicity: "atomic", decisions: [] };
  if (merged.some((take) => take.limiter.store !== store)) return inTurn(merged, context);
  const parts = merged.map(({ limiter, key, cost = 1 }) => limiter.part(key, cost));
  if (!store.together(parts)) return inTurn(merged, context);
  const outcome = store.stepAll(parts);
  if (!(outcome instanceof Promise)) return settle(merged, outcome, context);
  return (merged[0] as LimiterTake).limiter.within(outcome).then((answer) => settle(merged, answer, context));
}

function settle(
  takes: readonly LimiterTake[],
  outcome: Outcome<readonly LimitDecision[]>,
  context: Context | undefined,
): MultiDecision {
  const decisions = takes.map(({ limiter, key, cost = 1 }, i) =>
    limiter.settle(key, cost, outcome instanceof StoreFailure ? outcome : (outcome[i] as LimitDecision), context),
  );
  return combined(decisions, "atomic");
}

async function inTurn(takes: readonly LimiterTake[], context: Context | undefined): Promise<MultiDecision> {
  const decisions: Decision[] = [];
  for (const { limiter, key, cost = 1 } of takes) {
    const decision = await limiter.take(key, cost, context);
    decisions.push(decision);
    if (!decision.allowed) break;
  }
  const all = combined(decisions, "compensated");
  if (all.allowed) return all;
  const taken = takes.slice(0, decisions.length - 1);
  // What can't be handed back now runs out by itself: too little is admitted meanwhile, never too much.
  await Promise.allSettled(taken.map(({ limiter, key, cost = 1 }, i) => limiter.refund(key, cost, decisions[i]?.at)));
  return all;
}

function combined(decisions: readonly Decision[], atomicity: MultiDecision["atomicity"]): MultiDecision {
  const refused = decisions.filter((decision) => !decision.allowed);
  return {
    allowed: refused.length === 0,
    retryAfterMs: Math.max(0, ...refused.map((decision) => decision.retryAfterMs)),
    atomicity,
    decisions,
  };
}

/** The same key of the same limiter twice is one take of both costs. */
function withoutDoubles(takes: readonly LimiterTake[]): readonly LimiterTake[] {
  const merged: LimiterTake[] = [];
  for (const take of takes) {
    const at = merged.findIndex(({ limiter, key }) => limiter === take.limiter && key === take.key);
    const known = merged[at];
    if (known === undefined) merged.push(take);
    else merged[at] = { ...known, cost: (known.cost ?? 1) + (take.cost ?? 1) };
  }
  return merged;
}
