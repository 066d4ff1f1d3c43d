import type { EventMap, EventType } from "../core/events.js";

/** How bad it is. */
export type NoticeLevel = "info" | "warning" | "error";

/** What goes with a notice: plain data, and never a key, for those name users. */
export type NoticeFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Something that happened, put for people. */
export interface Notice {
  /** What it is: `breaker.open`. With the name it says what goes together. */
  readonly kind: string;
  /** The definition's that it happened to. */
  readonly name: string;
  readonly level: NoticeLevel;
  /** Whether somebody should look, now. The others tell how it came to that. */
  readonly alert: boolean;
  readonly message: string;
  readonly fields: NoticeFields;
  readonly error: unknown;
  /** Whether `error` is what somebody should look at, and not only what came of something else. */
  readonly thrown: boolean;
  readonly traceId: string | undefined;
  /** Unix time in milliseconds. */
  readonly at: number;
}

/** Which events become notices, and what they say. */
export interface NoticeRule<T extends EventType = EventType> {
  readonly type: T;
  readonly kind: string;
  readonly level: NoticeLevel;
  readonly alert: boolean;
  /** See {@link Notice.thrown}. Default false. */
  readonly thrown?: boolean;
  /** Left out: all. Asked for every event of the type, so it must be cheap. */
  readonly when?: (event: EventMap[T]) => boolean;
  readonly message: (event: EventMap[T]) => string;
  readonly fields: (event: EventMap[T]) => NoticeFields;
}

/** Types are held where a rule is written; the list holds rules of all types. */
function rule<T extends EventType>(type: T, parts: Omit<NoticeRule<T>, "type">): NoticeRule {
  return { type, ...parts } as unknown as NoticeRule;
}

const error = { level: "error", alert: true } as const;
const warning = { level: "warning", alert: true } as const;
const trace = { level: "warning", alert: false } as const;
const note = { level: "info", alert: false } as const;

const jobFields = ({ tool, id, attempt }: EventMap["job.lost"]) => ({ tool, id, attempt });
const storeFields = ({ operation, reason }: EventMap["breaker.store_failed"]) => ({ operation, reason });

const alertFields = ({
  id,
  sli,
  burnRate,
  threshold,
  longSec,
  budgetLeft,
  owner,
  runbook,
}: EventMap["alert.firing"]) => ({
  id,
  sli,
  burnRate,
  threshold,
  longSec,
  budgetLeft,
  owner,
  runbook,
});
const burning = ({ sli, burnRate, owner, runbook }: EventMap["alert.firing"]) =>
  `"${sli}" burns its error budget ${burnRate === null ? "" : `${Number(burnRate.toPrecision(3))} times `}too fast: ${owner}, see ${runbook}`;
/** (Without the arguments: of a limiter's levers they are a key.) */
const leverFields = ({ id, lever, by, reason, expiresAt }: EventMap["lever.pulled"]) => ({
  id,
  lever,
  by,
  reason,
  expiresAt,
});

/** Everything that sinks for people tell. Another event is another line. */
export const NOTICE_RULES: readonly NoticeRule[] = [
  rule("breaker.transition", {
    kind: "breaker.open",
    ...error,
    when: ({ to }) => to === "open",
    message: ({ name, reason }) => `The circuit of "${name}" has opened (${reason})`,
    fields: ({ from, to, reason, calls, failures, slow }) => ({ from, to, reason, calls, failures, slow }),
  }),
  rule("breaker.transition", {
    kind: "breaker.changed",
    ...note,
    when: ({ to }) => to !== "open",
    message: ({ name, from, to }) => `The circuit of "${name}" went from ${from} to ${to}`,
    fields: ({ from, to, reason }) => ({ from, to, reason }),
  }),
  rule("alert.firing", {
    kind: "alert.page",
    ...error,
    when: ({ severity }) => severity === "page",
    message: burning,
    fields: alertFields,
  }),
  rule("alert.firing", {
    kind: "alert.ticket",
    ...warning,
    when: ({ severity }) => severity === "ticket",
    message: burning,
    fields: alertFields,
  }),
  rule("alert.resolved", {
    kind: "alert.resolved",
    ...note,
    message: ({ sli }) => `"${sli}" no longer burns its error budget too fast`,
    fields: alertFields,
  }),
  rule("overload.shed", {
    kind: "overload.shed",
    ...warning,
    message: ({ shed }) =>
      `Requests are refused, for there are more than can be done: ${Object.values(shed).reduce((sum, one) => sum + one, 0)} in the last second`,
    fields: ({ inFlight, limit, loopDelayMs }) => ({ inFlight, limit, loopDelayMs }),
  }),
  rule("lever.pulled", {
    kind: "lever.pulled",
    ...note,
    message: ({ lever, name, by, reason }) => `${by} pulled ${lever} on "${name}": ${reason}`,
    fields: leverFields,
  }),
  rule("lever.released", {
    kind: "lever.released",
    ...note,
    message: ({ lever, name, by }) => `${by} released ${lever} of "${name}"`,
    fields: leverFields,
  }),
  rule("lever.expired", {
    kind: "lever.expired",
    ...note,
    message: ({ lever, name }) => `${lever} of "${name}" has expired`,
    fields: leverFields,
  }),
  rule("lever.failed", {
    kind: "lever.failed",
    ...warning,
    message: ({ lever, name }) => `${lever} could not be done to "${name}" in this process`,
    fields: leverFields,
  }),
  rule("store.failure", {
    kind: "store.failed_closed",
    ...error,
    when: ({ policy }) => policy === "closed",
    message: ({ name, reason }) => `The store of "${name}" failed (${reason}), and nothing is let through`,
    fields: ({ reason, applied, policy }) => ({ reason, applied, policy }),
  }),
  rule("store.failure", {
    kind: "store.degraded",
    ...warning,
    when: ({ policy }) => policy !== "closed",
    message: ({ name, reason, policy }) => `The store of "${name}" failed (${reason}), which goes on ${policy}`,
    fields: ({ reason, applied, policy }) => ({ reason, applied, policy }),
  }),
  rule("breaker.store_failed", {
    kind: "breaker.store_failed",
    ...warning,
    message: ({ name, reason }) => `The breaker "${name}" can't reach the others (${reason})`,
    fields: storeFields,
  }),
  rule("bulkhead.store_failed", {
    kind: "bulkhead.store_failed",
    ...warning,
    message: ({ name, reason }) => `The shared bulkhead "${name}" can't reach its store (${reason})`,
    fields: storeFields,
  }),
  rule("cache.tier2_failed", {
    kind: "cache.store_failed",
    ...warning,
    message: ({ name, reason }) => `The cache "${name}" can't reach its second tier (${reason})`,
    fields: storeFields,
  }),
  rule("queue.failure", {
    kind: "queue.store_failed",
    ...error,
    message: ({ name, operation, reason }) => `The queue "${name}" could not ${operation} (${reason})`,
    fields: ({ operation, reason, applied }) => ({ operation, reason, applied }),
  }),
  rule("bulkhead.lost", {
    kind: "bulkhead.lost",
    ...warning,
    message: ({ name }) => `A slot of "${name}" was lost while it was in use`,
    fields: ({ fence }) => ({ fence }),
  }),
  rule("endpoint.settled", {
    kind: "endpoint.internal",
    ...error,
    thrown: true,
    when: ({ code }) => code === "internal",
    message: ({ name }) => `"${name}" failed`,
    fields: ({ status, code, guard, durationMs }) => ({ status, code, guard, durationMs }),
  }),
  rule("endpoint.settled", {
    kind: "endpoint.failed",
    ...trace,
    when: ({ status, code }) => status >= 500 && code !== "internal",
    message: ({ name, status, code }) => `"${name}" answered ${status}${code === undefined ? "" : ` (${code})`}`,
    fields: ({ status, code, guard, durationMs }) => ({ status, code, guard, durationMs }),
  }),
  rule("retry.stopped", {
    kind: "retry.stopped",
    ...trace,
    when: ({ reason }) => reason === "exhausted" || reason === "budget",
    message: ({ name, attempt, reason }) => `"${name}" was given up after attempt ${attempt} (${reason})`,
    fields: ({ attempt, reason }) => ({ attempt, reason }),
  }),
  rule("timeout", {
    kind: "timeout",
    ...trace,
    message: ({ name, scope, ms }) => `"${name}" did not answer within ${ms} ms (${scope})`,
    fields: ({ scope, ms }) => ({ scope, ms }),
  }),
  rule("fallback.used", {
    kind: "fallback.used",
    ...trace,
    message: ({ name }) => `"${name}" fell back`,
    fields: () => ({}),
  }),
  rule("bulkhead.rejected", {
    kind: "bulkhead.rejected",
    ...trace,
    message: ({ name, reason }) => `The bulkhead "${name}" took no more (${reason})`,
    fields: ({ reason, running, queued }) => ({ reason, running, queued }),
  }),
  rule("cache.failed", {
    kind: "cache.failed",
    ...trace,
    message: ({ name, served }) => `Loading for the cache "${name}" failed; served: ${served}`,
    fields: ({ served }) => ({ served }),
  }),
  rule("cache.cleared", {
    kind: "cache.cleared",
    ...note,
    message: ({ name }) => `The cache "${name}" was cleared`,
    fields: ({ version }) => ({ version }),
  }),
  rule("job.saturated", {
    kind: "job.saturated",
    ...warning,
    message: ({ name, tool, limit }) => `The queue "${name}" is full of ${tool} (${limit})`,
    fields: ({ tool, depth, limit }) => ({ tool, depth, limit }),
  }),
  rule("job.failed", {
    kind: "job.failed",
    ...error,
    thrown: true,
    message: ({ name, tool }) => `A job of "${name}" failed for good: ${tool}`,
    fields: jobFields,
  }),
  rule("job.dead", {
    kind: "job.dead",
    ...error,
    thrown: true,
    message: ({ name, tool, attempt }) => `A job of "${name}" is dead after ${attempt} attempts: ${tool}`,
    fields: jobFields,
  }),
  rule("job.lost", {
    kind: "job.lost",
    ...trace,
    message: ({ name, tool }) => `A job of "${name}" went to another worker while it ran: ${tool}`,
    fields: jobFields,
  }),
  rule("knob.changed", {
    kind: "knob.changed",
    ...note,
    message: ({ name, from, to }) => `${name} was changed from ${String(from)} to ${String(to)}`,
    fields: ({ from, to }) => ({ from: String(from), to: String(to) }),
  }),
  rule("knob.refused", {
    kind: "knob.refused",
    ...warning,
    message: ({ name }) => `The new value can't be used by ${name}, which goes on as it was`,
    fields: () => ({}),
  }),
];

/** The notice of an event. */
export function noticeOf(rule: NoticeRule, event: EventMap[EventType], at: number): Notice {
  const { kind, level, alert, thrown = false } = rule;
  return {
    kind,
    name: event.name,
    level,
    alert,
    message: rule.message(event as never),
    fields: rule.fields(event as never),
    error: "error" in event ? event.error : undefined,
    thrown,
    traceId: event.context?.traceId,
    at,
  };
}
