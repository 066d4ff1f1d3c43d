import { type Algorithm, type LimitConfig, type LimitState, limitKernel } from "./limit.js";

/**
 * Fixed window: `limit` units in each window. A key's window begins with its first unit and not at a full minute, so
 * that keys don't all begin anew at once. Admits at most `limit` units in a window, and so up to twice as many over a
 * span of one window's length that lies across two.
 *
 * State: `[blockedUntil, start, used]`.
 *
 * A changed limit or window counts at once, for the window under way too. A clock that goes back before the window's
 * start begins it there, with the units that were used.
 */
const algorithm: Algorithm = {
  name: "fixed-window",
  width: 3,
  capacity: (config) => config.limit,
  empty: (now) => [0, now, 0],
  take(state, now, config, cost) {
    const { start, used } = windowOf(state, now, config);
    const left = start + config.windowMs - now;
    const granted = used + cost <= config.limit;
    const taken = granted ? used + cost : used;
    return {
      granted,
      state: granted && cost > 0 ? [0, start, taken] : undefined,
      remaining: Math.max(0, config.limit - taken),
      retryAfterMs: granted ? 0 : left,
      resetMs: taken === 0 ? 0 : left,
    };
  },
  refund(state, now, config, cost, at) {
    const { start, used } = windowOf(state, now, config);
    // Only units of this window are in it.
    return [state[0] as number, start, at >= start && at <= now ? Math.max(0, used - cost) : used];
  },
};

function windowOf(
  state: LimitState | undefined,
  now: number,
  { windowMs }: LimitConfig,
): { start: number; used: number } {
  if (state === undefined || now >= (state[1] as number) + windowMs) return { start: now, used: 0 };
  return { start: Math.min(state[1] as number, now), used: state[2] as number };
}

/** The kernel of the fixed window. */
export const fixedWindow = limitKernel(algorithm);
