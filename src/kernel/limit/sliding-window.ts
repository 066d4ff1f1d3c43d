import { type Algorithm, type LimitConfig, limitKernel } from "./limit.js";

/**
 * Sliding-window counter (as Cloudflare described it in 2017): the units of this window, and those of the one before
 * weighted by how much of it the last `windowMs` still cover, are `limit` at most:
 * `used + before · (windowMs − age) / windowMs ≤ limit`. It takes the earlier window's units to have come evenly: where
 * they all came at its end, a span of one window's length can see up to twice the limit.
 *
 * State: `[writtenAt, blockedMs, used, before, age, windowMs]`: `age` of this window and the length of both. A key's
 * windows follow upon its first unit.
 *
 * A changed limit counts at once. When the window's length changes, the units that still count, rounded up and at most
 * the limit, become those of a new window that begins now.
 */
const algorithm: Algorithm = {
  name: "sliding-window",
  width: 6,
  capacity: (config) => config.limit,
  present(state, elapsed, now, blockedMs, { limit, windowMs }) {
    if (state !== undefined) {
      const written = state[5] as number;
      let used = state[2] as number;
      let before = state[3] as number;
      let age = (state[4] as number) + elapsed;
      if (age >= written) {
        before = age < 2 * written ? used : 0;
        used = 0;
        age -= written;
      }
      if (written !== windowMs) {
        used = Math.min(limit, used + Math.ceil((before * (written - age)) / written));
        before = 0;
        age = 0;
      }
      if (used + before > 0) return [now, blockedMs, used, before, age, windowMs];
    }
    return [now, blockedMs, 0, 0, 0, windowMs];
  },
  take(state, config, cost) {
    const { limit, windowMs } = config;
    if (cost * windowMs <= room(state, config)) {
      state[2] = (state[2] as number) + cost;
      return 0;
    }
    const [, , used, before, age] = state as [number, number, number, number, number];
    const most = limit - cost;
    // In this window once enough of the earlier one has left it, else in the next, where this one's are the earlier.
    if (used <= most) return windowMs - age - Math.floor(((most - used) * windowMs) / before);
    // (None of this one's, and yet too much: more than the limit was asked for, which the limiter refuses before.)
    return windowMs - age + Math.max(0, windowMs - Math.floor((most * windowMs) / Math.max(1, used)));
  },
  remaining: (state, config) => Math.max(0, Math.floor(room(state, config) / config.windowMs)),
  resetMs(state, { windowMs }) {
    const [, , used, before, age] = state as [number, number, number, number, number];
    return used > 0 ? 2 * windowMs - age : before > 0 ? windowMs - age : 0;
  },
  refund(state, { windowMs }, cost, age = 0) {
    const of = age <= (state[4] as number) ? 2 : age <= (state[4] as number) + windowMs ? 3 : undefined;
    if (of !== undefined) state[of] = Math.max(0, (state[of] as number) - cost);
  },
};

/** What is left of the limit, times the window's length: so it is a whole number. */
function room(state: readonly number[], { limit, windowMs }: LimitConfig): number {
  const [, , used, before, age] = state as readonly [number, number, number, number, number];
  return (limit - used) * windowMs - before * (windowMs - age);
}

/** The kernel of the sliding-window counter. */
export const slidingWindow = limitKernel(algorithm);
