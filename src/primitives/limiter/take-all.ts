import type { Context } from "../../core/context.js";
import { type MaybePromise, type Outcome, StoreFailure } from "../../core/store.js";
import { broken } from "../../core/store-wait.js";
import type { LimitDecision, LimitInput } from "../../kernel/limit/limit.js";
import type { Decision } from "./decision.js";
import type { LimiterEngine } from "./engine.js";
import { ENGINE, type Limiter } from "./limiter.js";

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
   * `atomic`: the store decided all in one step. `compensated`: they lie apart, or the store failed, so they were taken
   * in turn, and what the first ones gave was handed back when a later one refused: never admits too much, but may for
   * a moment refuse what would have been allowed.
   */
  readonly atomicity: "atomic" | "compensated";
  /**
   * Each limit's own, in the order of the takes. Of one that allowed what another refused `remaining` says what is left
   * without the take.
   */
  readonly decisions: readonly Decision[];
}

/** One take, checked. */
interface Use {
  readonly engine: LimiterEngine;
  readonly key: string;
  readonly input: LimitInput;
}

/**
 * Takes from several limiters, all or nothing. The same key of the same limiter twice is one take of both costs, and
 * both have its decision.
 *
 * @throws {ConfigError} when one of them could never give so many units, or a key is empty; before anything is taken
 */
export function takeAll(takes: readonly LimiterTake[], context?: Context): MaybePromise<MultiDecision> {
  const places: number[] = [];
  const uses = distinct(takes, places);
  const [first] = uses;
  if (first === undefined) return { allowed: true, retryAfterMs: 0, atomicity: "atomic", decisions: [] };
  const spread = (decision: MultiDecision): MultiDecision =>
    uses.length === takes.length
      ? decision
      : { ...decision, decisions: places.map((place) => decision.decisions[place] as Decision) };

  const { store } = first.engine;
  const parts = uses.every(({ engine }) => engine.store === store)
    ? uses.map(({ engine, key, input }) => engine.part(key, input))
    : [];
  if (parts.length === 0 || !store.together(parts)) return inTurn(uses, context).then(spread);
  const patience = uses.reduce(
    (least, { engine }) => (engine.deadlineMs < least.deadlineMs ? engine : least),
    first.engine,
  );
  let outcome: MaybePromise<Outcome<readonly LimitDecision[]>>;
  try {
    outcome = store.stepAll(parts, { deadlineMs: patience.deadlineMs });
  } catch (error) {
    outcome = broken(error);
  }
  if (!(outcome instanceof Promise)) return spread(settle(uses, outcome, context));
  return patience.within(outcome).then((answer) => {
    const decision = settle(uses, answer, context);
    if (decision.atomicity === "atomic") warm(uses, decision);
    return spread(decision);
  });
}

function distinct(takes: readonly LimiterTake[], places: number[]): Use[] {
  const merged: { engine: LimiterEngine; key: string; cost: number }[] = [];
  for (const { limiter, key, cost = 1 } of takes) {
    const engine = limiter[ENGINE];
    const { amount } = engine.asking("take", cost);
    const place = merged.findIndex((other) => other.engine === engine && other.key === key);
    const same = merged[place];
    if (same !== undefined) same.cost += amount;
    places.push(same === undefined ? merged.push({ engine, key: engine.named(key), cost: amount }) - 1 : place);
  }
  return merged.map(({ engine, key, cost }) => ({ engine, key, input: engine.asking("take", cost) }));
}

function settle(
  uses: readonly Use[],
  outcome: Outcome<readonly LimitDecision[]>,
  context: Context | undefined,
): MultiDecision {
  if (!(outcome instanceof StoreFailure)) return combined(uses, outcome, context, "atomic");
  const decisions = uses.map(({ engine, key, input }) => engine.degraded(key, input, outcome));
  if (decisions.some(({ allowed }) => !allowed)) handBack(uses, decisions);
  return combined(uses, decisions, context, "compensated");
}

/** What one allowed and another refused was not taken. */
function warm(uses: readonly Use[], { allowed, decisions }: MultiDecision): void {
  for (const [i, { engine, key, input }] of uses.entries()) {
    const decision = decisions[i] as Decision;
    if (decision.allowed === allowed) engine.warm(key, input, decision);
  }
}

async function inTurn(uses: readonly Use[], context: Context | undefined): Promise<MultiDecision> {
  const decisions: Decision[] = [];
  for (const { engine, key, input } of uses) {
    const decision = await engine.decide(key, input);
    decisions.push(decision);
    if (decision.allowed) continue;
    // The others are only asked how they stand: the wait is the longest of all.
    const taken = decisions.length;
    const [others] = await Promise.all([
      Promise.all(uses.slice(taken).map((use) => use.engine.decide(use.key, { ...use.input, op: "peek" }))),
      ...handBack(uses, decisions),
    ]);
    return combined(uses, [...decisions, ...others], context, "compensated", taken);
  }
  return combined(uses, decisions, context, "compensated");
}

/** Gives back what was taken. What can't be now runs out by itself: too little is admitted meanwhile, never too much. */
function handBack(uses: readonly Use[], decisions: readonly Decision[]): Promise<boolean>[] {
  return decisions.flatMap(({ allowed, source, at }, i) => {
    const { engine, key, input } = uses[i] as Use;
    const counted = allowed && (source === "store" || source === "local");
    return counted ? [engine.refund(key, input.amount, at)] : [];
  });
}

/** @param taken how many of the decisions were on takes, and not only told how a limit stands */
function combined(
  uses: readonly Use[],
  decisions: readonly Decision[],
  context: Context | undefined,
  atomicity: MultiDecision["atomicity"],
  taken: number = uses.length,
): MultiDecision {
  const allowed = decisions.every((decision) => decision.allowed);
  let retryAfterMs = 0;
  const told = decisions.map((decision, i) => {
    const { engine, key, input } = uses[i] as Use;
    retryAfterMs = Math.max(retryAfterMs, decision.retryAfterMs);
    if (decision.allowed === allowed) engine.count(key, input.amount, decision, context);
    // What one allowed and another refused was neither allowed nor denied by the first.
    else if (i < taken && decision.source !== "open")
      return { ...decision, remaining: Math.min(decision.limit, decision.remaining + input.amount) };
    return decision;
  });
  return { allowed, retryAfterMs, atomicity, decisions: told };
}
