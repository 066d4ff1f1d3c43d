import { ConfigError } from "../../../core/config.js";
import type { Context } from "../../../core/context.js";
import { KeelsonError } from "../../../core/errors.js";
import type { Decision } from "../../../primitives/limiter/decision.js";
import type { Limiter } from "../../../primitives/limiter/limiter.js";
import { type LimiterTake, type MultiDecision, takeAll } from "../../../primitives/limiter/take-all.js";
import type { ActiveCall } from "../call.js";
import type { LimiterUse } from "../parts.js";
import type { PolicyField } from "../rate-limit-fields.js";
import type { Guard } from "../stage.js";

/** One limit, ready to be taken. */
export interface PlannedLimit {
  readonly limiter: LimiterUse;
  /** Of the option, for errors. */
  readonly where: string;
  readonly by: "client" | ((call: ActiveCall) => string);
  readonly cost: number | ((call: ActiveCall) => number);
  readonly field: PolicyField;
}

/** Takes limits, all or nothing. */
export function limitGuard(limits: readonly PlannedLimit[]): Guard {
  const [only] = limits;
  return only !== undefined && limits.length === 1 ? takeOne(only) : takeSeveral(limits);
}

function takeOne(limit: PlannedLimit): Guard {
  return (call) => {
    const limiter = bound(call, limit.limiter);
    const decision = limiter.take(keyOf(call, limit), costOf(call, limit), contextFor(call));
    return decision instanceof Promise
      ? decision.then((settled) => judge(call, limiter, limit, settled))
      : judge(call, limiter, limit, decision);
  };
}

function judge(call: ActiveCall, limiter: Limiter, limit: PlannedLimit, decision: Decision): undefined {
  note(call, limiter, limit, decision);
  if (!decision.allowed) throw refusal(limiter.name, decision);
  return undefined;
}

function takeSeveral(limits: readonly PlannedLimit[]): Guard {
  return (call) => {
    const takes: LimiterTake[] = [];
    const counted: PlannedLimit[] = [];
    for (const limit of limits) {
      const limiter = bound(call, limit.limiter);
      const key = keyOf(call, limit);
      const cost = costOf(call, limit);
      // The same key of the same limiter is one take of both costs, and has one decision.
      const same = takes.findIndex((take) => take.limiter === limiter && take.key === key);
      if (same === -1) {
        takes.push({ limiter, key, cost });
        counted.push(limit);
      } else takes[same] = { limiter, key, cost: cost + (takes[same]?.cost ?? 0) };
    }
    const all = takeAll(takes, contextFor(call));
    return all instanceof Promise
      ? all.then((settled) => judgeAll(call, takes, counted, settled))
      : judgeAll(call, takes, counted, all);
  };
}

function judgeAll(
  call: ActiveCall,
  takes: readonly LimiterTake[],
  limits: readonly PlannedLimit[],
  { allowed, retryAfterMs, decisions }: MultiDecision,
): undefined {
  for (const [index, decision] of decisions.entries()) {
    note(call, (takes[index] as LimiterTake).limiter, limits[index] as PlannedLimit, decision);
  }
  if (allowed) return undefined;
  // A limit that is reached is the client's to know; a store that failed comes second.
  const refused = decisions.findIndex((one) => !one.allowed && one.source !== "closed");
  const decided = refused === -1 ? decisions.findIndex((one) => !one.allowed) : refused;
  throw refusal((takes[decided] as LimiterTake).limiter.name, { ...(decisions[decided] as Decision), retryAfterMs });
}

/** The limiter as it is bound to this call. */
export function bound(call: ActiveCall, limiter: LimiterUse): Limiter {
  return call.place.use(limiter as never) as Limiter;
}

/** Limiters need the context for their events alone: it is only made when somebody listens. */
function contextFor(call: ActiveCall): Context | undefined {
  return call.plan.rt.events.wants("limiter.decision") ? call.context : undefined;
}

function keyOf(call: ActiveCall, { by, where }: PlannedLimit): string {
  if (by === "client") return call.client;
  const key: unknown = by(call);
  // An empty key would count everybody together, or nobody: better nobody gets through.
  if (typeof key === "string" && key !== "") return key;
  throw new ConfigError(`${where}.by`, key, "a function that returns text that is not empty");
}

function costOf(call: ActiveCall, { cost }: PlannedLimit): number {
  return typeof cost === "number" ? cost : cost(call);
}

/** Notes the decision for the answer's headers. */
function note(call: ActiveCall, limiter: Limiter, { field }: PlannedLimit, decision: Decision): void {
  // Nothing was counted where the store failed and the policy alone decided.
  if (decision.source === "open" || decision.source === "closed") return;
  const noted = { field, policy: limiter.policy, decision };
  if (call.noted === undefined) call.noted = [noted];
  else call.noted.push(noted);
}

/** Why a limit let nothing through: too much was asked, or its store failed and the policy is to stay closed. */
export function refusal(name: string, { source, retryAfterMs }: Decision): KeelsonError {
  const details = { retryAfterMs, source: `limiter:${name}` };
  return source === "closed"
    ? new KeelsonError("unavailable", "The limiter's store failed", details)
    : new KeelsonError("rate_limit", "Limit reached", details);
}
