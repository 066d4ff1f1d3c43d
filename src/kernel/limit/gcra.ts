import { type Algorithm, type LimitConfig, type LimitState, limitKernel } from "./limit.js";

/**
 * GCRA, the generic cell rate algorithm (ITU-T I.371, Annex A): units leave at a steady interval, and at most `burst`
 * of them may be ahead of it. Admits at most `burst + span / interval` units over any span of time.
 *
 * State: `[blockedUntil, tat, interval]`, the last two in microseconds, so that thousands a second stay exact. `tat`
 * is the theoretical arrival time: when all the units taken so far will have left.
 *
 * When the interval changes, the units that are ahead stay as many, rounded up; a smaller burst cuts them to what it
 * holds. A clock that goes back finds at most a full burst ahead.
 */
const algorithm: Algorithm = {
  name: "gcra",
  width: 3,
  capacity: (config) => config.burst,
  empty: (now, config) => [0, now * 1000, intervalOf(config)],
  take(state, now, config, cost) {
    const interval = intervalOf(config);
    const backlog = backlogOf(state, now, interval, config.burst);
    const wanted = backlog + cost * interval;
    const room = config.burst * interval - wanted;
    const granted = room >= 0;
    return {
      granted,
      state: granted && cost > 0 ? [0, now * 1000 + wanted, interval] : undefined,
      remaining: Math.floor((granted ? room : room + cost * interval) / interval),
      retryAfterMs: granted ? 0 : Math.ceil(-room / 1000),
      resetMs: Math.ceil((granted ? wanted : backlog) / 1000),
    };
  },
  refund(state, now, config, cost, at) {
    const interval = intervalOf(config);
    const backlog = backlogOf(state, now, interval, config.burst);
    // What has left since it was taken can't be given back.
    const back = Math.max(0, cost * interval - Math.max(0, now - at) * 1000);
    return [state[0] as number, now * 1000 + Math.max(0, backlog - back), interval];
  },
};

/** Microseconds that a unit takes to leave; rounded up, so that no more than the limit gets through. */
function intervalOf(config: LimitConfig): number {
  return Math.ceil((config.windowMs * 1000) / config.limit);
}

/** Microseconds of units that are ahead of `now`. */
function backlogOf(state: LimitState | undefined, now: number, interval: number, burst: number): number {
  if (state === undefined) return 0;
  const written = state[2] as number;
  let backlog = Math.max(0, (state[1] as number) - now * 1000);
  if (written !== interval) backlog = Math.ceil(backlog / written) * interval;
  return Math.min(backlog, burst * interval);
}

/** The kernel of GCRA. */
export const gcra = limitKernel(algorithm);
