import { ConfigError } from "../../../core/config.js";
import type { Context } from "../../../core/context.js";
import { KeelsonError } from "../../../core/errors.js";
import type { LimitDecision } from "../../../kernel/limit/limit.js";
import type { ActiveCall } from "../call.js";
import type { LimiterCalls, LimiterUse } from "../parts.js";
import type { Guard } from "../plan.js";
import type { PolicyField } from "../rate-limit-fields.js";

/** One limit, ready to be taken. */
export interface PlannedLimit {
  readonly limiter: LimiterUse;
  /** Of the option, for errors. */
  readonly where: string;
  readonly by: "client" | ((call: ActiveCall) => string);
  readonly cost: number | ((call: ActiveCall) => number);
  readonly field: PolicyField;
}

/** Takes one limit. */
export function limitGuard(limit: PlannedLimit): Guard {
  return (call) => {
    const limiter = bound(call, limit.limiter);
    const decision = limiter.take(keyOf(call, limit), costOf(call, limit), contextFor(call));
    return decision instanceof Promise
      ? decision.then((settled) => judge(call, limiter, limit, settled))
      : judge(call, limiter, limit, decision);
  };
}

/** The limiter as it is bound to this call. */
export function bound(call: ActiveCall, limiter: LimiterUse): LimiterCalls {
  return call.place.use(limiter as never) as LimiterCalls;
}

/** Limiters need the context for their events alone: it is only made when somebody listens. */
export function contextFor(call: ActiveCall): Context | undefined {
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
export function note(call: ActiveCall, limiter: LimiterCalls, { field }: PlannedLimit, decision: LimitDecision): void {
  // Nothing was counted where the store failed and the policy alone decided.
  if (decision.source === "open" || decision.source === "closed") return;
  const [policy, state] = [field.item(limiter.policy), field.state(decision)];
  call.rateLimitPolicy = call.rateLimitPolicy === "" ? policy : `${call.rateLimitPolicy}, ${policy}`;
  call.rateLimit = call.rateLimit === "" ? state : `${call.rateLimit}, ${state}`;
}

function judge(call: ActiveCall, limiter: LimiterCalls, limit: PlannedLimit, decision: LimitDecision): undefined {
  note(call, limiter, limit, decision);
  if (!decision.allowed) throw refusal(limiter.name, decision);
  return undefined;
}

/** Why a limit let nothing through: too much was asked, or its store failed and the policy is to stay closed. */
export function refusal(name: string, { source, retryAfterMs }: LimitDecision): KeelsonError {
  const details = { retryAfterMs, source: `limiter:${name}` };
  return source === "closed"
    ? new KeelsonError("unavailable", "The limiter's store failed", details)
    : new KeelsonError("rate_limit", "Limit reached", details);
}
