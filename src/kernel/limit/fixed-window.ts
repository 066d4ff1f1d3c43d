import { type Algorithm, limitKernel } from "./limit.js";

/**
 * Fixed window: `limit` units in each window. A key's window begins with its first unit and not at a full minute, so
 * that keys don't all begin anew at once. Admits at most `limit` units in a window, and so up to twice as many over a
 * span of one window's length that lies across two.
 *
 * State: `[writtenAt, blockedMs, used, age, windowMs]`: units used in the window, how old it was, and its length.
 *
 * A changed limit counts at once. A shorter window ends the one under way as soon as it is that old; a longer one
 * begins with the next.
 */
const algorithm: Algorithm = {
  name: "fixed-window",
  width: 5,
  capacity: (config) => config.limit,
  present(state, elapsed, now, blockedMs, { windowMs }) {
    if (state !== undefined) {
      const used = state[2] as number;
      const age = (state[3] as number) + elapsed;
      const length = Math.min(state[4] as number, windowMs);
      if (used > 0 && age < length) return [now, blockedMs, used, age, length];
    }
    return [now, blockedMs, 0, 0, windowMs];
  },
  take(state, { limit }, cost) {
    const wanted = (state[2] as number) + cost;
    if (wanted > limit) return left(state);
    state[2] = wanted;
    return 0;
  },
  remaining: (state, { limit }) => Math.max(0, limit - (state[2] as number)),
  resetMs: (state) => (state[2] === 0 ? 0 : left(state)),
  refund(state, _config, cost, age = 0) {
    // Units of a window that is over are gone.
    if (age <= (state[3] as number)) state[2] = Math.max(0, (state[2] as number) - cost);
  },
};

/** Milliseconds left of the window. */
function left(state: readonly number[]): number {
  return (state[4] as number) - (state[3] as number);
}

/** The kernel of the fixed window. */
export const fixedWindow = limitKernel(algorithm);
