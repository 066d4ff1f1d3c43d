import { type Algorithm, type LimitConfig, type LimitState, limitKernel } from "./limit.js";

/**
 * Sliding-window counter (as Cloudflare described it in 2017): the units of this window, and those of the one before
 * weighted by how much of it the last `windowMs` still cover; rounded up. An approximation in two counters: it takes
 * the earlier window's units to have come evenly, so a span of one window's length may see up to
 * twice the limit where they came at its end and the next ones at once after the weight fell.
 *
 * State: `[blockedUntil, start, used, before, windowMs]`. The windows of a key follow upon its first unit.
 *
 * When the window's length changes, all units that still count become units of a new window that begins now. A clock
 * that goes back before the window's start begins it there, with the same counters.
 */
const algorithm: Algorithm = {
  name: "sliding-window",
  width: 5,
  capacity: (config) => config.limit,
  empty: (now, config) => [0, now, 0, 0, config.windowMs],
  take(state, now, config, cost) {
    const { limit, windowMs } = config;
    const { start, used, before } = windowOf(state, now, config);
    const weighted = used + weight(before, start, now, windowMs);
    const granted = weighted + cost <= limit;
    const taken = granted ? used + cost : used;
    return {
      granted,
      state: granted && cost > 0 ? [0, start, taken, before, windowMs] : undefined,
      remaining: Math.max(0, limit - weighted - (granted ? cost : 0)),
      retryAfterMs: granted ? 0 : waitFor(limit - cost, used, before, start, windowMs) - now,
      resetMs: taken > 0 ? start + 2 * windowMs - now : before > 0 ? start + windowMs - now : 0,
    };
  },
  refund(state, now, config, cost, at) {
    const { windowMs } = config;
    const { start, used, before } = windowOf(state, now, config);
    const mine = at >= start && at <= now;
    const previous = at < start && at >= start - windowMs;
    return [
      state[0] as number,
      start,
      mine ? Math.max(0, used - cost) : used,
      previous ? Math.max(0, before - cost) : before,
      windowMs,
    ];
  },
};

interface Counters {
  readonly start: number;
  readonly used: number;
  readonly before: number;
}

function windowOf(state: LimitState | undefined, now: number, { windowMs }: LimitConfig): Counters {
  if (state === undefined) return { start: now, used: 0, before: 0 };
  const [, began, used, before, written] = state as readonly [number, number, number, number, number];
  const start = Math.min(began, now);
  const passed = Math.floor((now - start) / written);
  if (written !== windowMs) {
    const counting =
      passed === 0
        ? used + weight(before, start, now, written)
        : passed === 1
          ? weight(used, start + written, now, written)
          : 0;
    return { start: now, used: counting, before: 0 };
  }
  if (passed === 0) return { start, used, before };
  return passed === 1 ? { start: start + windowMs, used: 0, before: used } : { start: now, used: 0, before: 0 };
}

/** Units of the earlier window that still count, rounded up. */
function weight(before: number, start: number, now: number, windowMs: number): number {
  return Math.ceil((before * (windowMs - (now - start))) / windowMs);
}

/** The first moment when no more than `most` units count. */
function waitFor(most: number, used: number, before: number, start: number, windowMs: number): number {
  // In this window once enough of the earlier one has left it, else in the next, where this one's are the earlier.
  if (used <= most) return start + windowMs - Math.floor(((most - used) * windowMs) / Math.max(1, before));
  return start + 2 * windowMs - Math.floor((most * windowMs) / used);
}

/** The kernel of the sliding-window counter. */
export const slidingWindow = limitKernel(algorithm);
