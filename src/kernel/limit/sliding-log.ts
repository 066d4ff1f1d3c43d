import { type Algorithm, type LimitConfig, type LimitState, limitKernel } from "./limit.js";

/**
 * Sliding log: remembers when each unit was taken. Exact: admits at most `limit` units over any span of `windowMs`.
 * Costs memory for it: two numbers for each millisecond in which something was taken, at most `limit` of them.
 *
 * State: `[blockedUntil, at, cost, at, cost, …]`, oldest first.
 *
 * A changed limit or window counts at once; units that a longer window would still count may have been forgotten. What
 * was taken after `now`, by a clock that has gone back since, counts as taken now.
 */
const algorithm: Algorithm = {
  name: "sliding-log",
  capacity: (config) => config.limit,
  empty: () => [0],
  take(state, now, config, cost) {
    const log = logAt(state, now, config);
    let used = 0;
    for (let i = 2; i < log.length; i += 2) used += log[i] as number;
    const granted = used + cost <= config.limit;
    const last = log.length > 1 ? (log[log.length - 2] as number) : now;
    if (granted) {
      const any = used + cost > 0;
      return {
        granted,
        state: cost > 0 ? added(log, now, cost) : undefined,
        remaining: config.limit - used - cost,
        retryAfterMs: 0,
        resetMs: any ? (cost > 0 ? now : last) + config.windowMs - now : 0,
      };
    }
    return {
      granted,
      state: undefined,
      remaining: Math.max(0, config.limit - used),
      retryAfterMs: freedAt(log, used + cost - config.limit) + config.windowMs - now,
      resetMs: last + config.windowMs - now,
    };
  },
  refund(state, now, config, cost, at) {
    const log = logAt(state, now, config);
    const entry = log.findIndex((value, i) => i % 2 === 1 && value === Math.min(at, now));
    if (entry === -1) return log;
    const left = Math.max(0, (log[entry + 1] as number) - cost);
    return left > 0 ? log.with(entry + 1, left) : log.toSpliced(entry, 2);
  },
};

/** The log without what has left the window. */
function logAt(state: LimitState | undefined, now: number, { windowMs }: LimitConfig): number[] {
  if (state === undefined) return [0];
  const log = [state[0] as number];
  for (let i = 1; i < state.length; i += 2) {
    const at = Math.min(state[i] as number, now);
    if (at <= now - windowMs) continue;
    // Entries that a clock gone back has brought to the same moment are one.
    if (log.length > 1 && log[log.length - 2] === at)
      log[log.length - 1] = (log[log.length - 1] as number) + (state[i + 1] as number);
    else log.push(at, state[i + 1] as number);
  }
  return log;
}

function added(log: readonly number[], now: number, cost: number): number[] {
  const end = log.length;
  if (end > 1 && log[end - 2] === now) return [0, ...log.slice(1, end - 1), (log[end - 1] as number) + cost];
  return [0, ...log.slice(1), now, cost];
}

/** When the entry was made with whose leaving at least `units` will have left. */
function freedAt(log: readonly number[], units: number): number {
  let freed = 0;
  for (let i = 1; i < log.length; i += 2) {
    freed += log[i + 1] as number;
    if (freed >= units) return log[i] as number;
  }
  // More than the limit was asked for: never. The limiter refuses that before it comes here.
  return log[log.length - 2] ?? 0;
}

/** The kernel of the sliding log. */
export const slidingLog = limitKernel(algorithm);
