import { type Algorithm, type LimitConfig, type LimitState, limitKernel } from "./limit.js";

/**
 * GCRA, the generic cell rate algorithm (ITU-T I.371, Annex A; as in Brandur Leach's "Rate limiting, cells, and GCRA"):
 * units leave at a steady interval, and at most `burst` of them may be ahead of it. One number a key.
 *
 * Admits at most `burst + window / interval` units over any window.
 *
 * State: `[blockedUntil, tat, interval]`, the last two in microseconds, so that thousands a second stay exact. `tat`
 * is the theoretical arrival time: when the units taken so far will all have left.
 */
const gcraAlgorithm: Algorithm = {
  name: "gcra",
  width: 3,
  take(state, now, config, cost) {
    const interval = emissionInterval(config);
    const nowUs = now * 1000;
    const backlog = backlogOf(state, nowUs, interval, config.burst);
    const wanted = backlog + cost * interval;
    const tolerance = config.burst * interval;
    if (wanted > tolerance) {
      return {
        granted: false,
        state: undefined,
        ttlMs: 0,
        decision: {
          allowed: false,
          limit: config.burst,
          remaining: Math.floor((tolerance - backlog) / interval),
          retryAfterMs: Math.ceil((wanted - tolerance) / 1000),
          resetMs: Math.ceil(backlog / 1000),
          at: now,
          source: "store",
        },
      };
    }
    const resetMs = Math.ceil(wanted / 1000);
    return {
      granted: true,
      state: cost === 0 ? undefined : [0, nowUs + wanted, interval],
      ttlMs: resetMs,
      decision: {
        allowed: true,
        limit: config.burst,
        remaining: Math.floor((tolerance - wanted) / interval),
        retryAfterMs: 0,
        resetMs,
        at: now,
        source: "store",
      },
    };
  },
  refund(state, now, config, cost, at) {
    const interval = emissionInterval(config);
    const nowUs = now * 1000;
    const backlog = backlogOf(state, nowUs, interval, config.burst);
    // What has left since the units were taken can't be given back.
    const back = Math.max(0, cost * interval - Math.max(0, nowUs - at * 1000));
    const after = Math.max(0, backlog - back);
    return after === 0 && state[0] === 0
      ? { state: null, ttlMs: 0 }
      : { state: [state[0] as number, nowUs + after, interval], ttlMs: Math.ceil(after / 1000) };
  },
};

/** Microseconds a unit takes to leave, rounded up: never admits more than asked. */
function emissionInterval(config: LimitConfig): number {
  return Math.ceil((config.windowMs * 1000) / config.limit);
}

/**
 * Microseconds of work ahead of `now`. A changed interval keeps the number of units; a clock that went back can't make
 * it more than full.
 */
function backlogOf(state: LimitState | undefined, nowUs: number, interval: number, burst: number): number {
  if (state === undefined || state.length < 3) return 0;
  let backlog = Math.max(0, (state[1] as number) - nowUs);
  const written = state[2] as number;
  if (written !== interval) backlog = Math.ceil(backlog / written) * interval;
  return Math.min(backlog, burst * interval);
}

/** The GCRA kernel. */
export const gcra = limitKernel(gcraAlgorithm);
