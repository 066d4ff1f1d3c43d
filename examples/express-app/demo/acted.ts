import type { Happened } from "../service/recent-events.js";

/** What protected the service, in words, from what the service itself noted: `retry openrouter ×2 · guard origin`. */
export function acted(events: readonly Happened[]): string {
  const times = new Map<string, number>();
  const limited = events.some(({ type }) => type === "limiter.decision");
  for (const event of events) {
    const what = phrase(event);
    if (what === undefined || (limited && what.startsWith("guard limit"))) continue;
    times.set(what, (times.get(what) ?? 0) + 1);
  }
  return [...times].map(([what, count]) => (count === 1 ? what : `${what} ×${count}`)).join(" · ");
}

function phrase({ type, name, detail }: Happened): string | undefined {
  switch (type) {
    case "endpoint.settled":
      if (detail.guard === undefined || detail.guard === "handler") return undefined;
      return `guard ${detail.guard}${detail.guard === "auth" && detail.code === "rate_limit" ? ": shut out" : ""}`;
    case "limiter.decision":
      return `limiter ${name}`;
    case "breaker.transition":
      return `breaker ${name}: ${detail.from} → ${detail.to}`;
    case "breaker.rejected":
      return `breaker ${name} refused`;
    case "bulkhead.rejected":
      return `bulkhead ${name} refused`;
    case "bulkhead.queued":
      return `bulkhead ${name} queued`;
    case "retry.scheduled":
      return `retry ${name}`;
    case "retry.stopped":
      return detail.reason === "budget" ? `retry budget ${name} empty` : undefined;
    case "timeout":
      return `${detail.scope === "total" ? "time-out" : "attempt time-out"} ${name}`;
    case "cache.hit":
      return `cache ${name}: ${detail.state}`;
    case "cache.failed":
      return detail.served === "stale" ? `cache ${name}: stale instead of nothing` : undefined;
    case "idempotency.settled":
      return `idempotency: ${detail.outcome}`;
    case "replay.settled":
      return detail.outcome === "duplicate" || detail.outcome === "released"
        ? `replay guard: ${detail.outcome}`
        : undefined;
    case "store.failure":
      return `store failed: ${detail.policy}`;
    default:
      return undefined;
  }
}
