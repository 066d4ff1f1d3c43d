import { type Algorithm, type LimitConfig, limitKernel } from "./limit.js";

/**
 * GCRA, the generic cell rate algorithm (ITU-T I.371, Annex A): units leave at a steady interval, and at most `burst`
 * of them may be ahead of it. Admits at most `burst + span / interval` units over any span of time, in which the
 * interval, `windowMs / limit`, is rounded up to whole microseconds: exact enough up to some ten thousand units a
 * second. The token bucket is the same without rounding, for smaller products of limit and window.
 *
 * State: `[writtenAt, blockedMs, backlog, interval]`, the last two in microseconds. The backlog is the time which the
 * units taken so far need to leave; the theoretical arrival time of the literature is `writtenAt + backlog`.
 *
 * Up to the first request after a change of limit or window units leave at the old interval; then those still ahead
 * stay as many, rounded up. A smaller burst leaves it full at most.
 */
const algorithm: Algorithm = {
  name: "gcra",
  width: 4,
  capacity: (config) => config.burst,
  present(state, elapsed, now, blockedMs, config) {
    const interval = intervalOf(config);
    if (state === undefined) return [now, blockedMs, 0, interval];
    let backlog = Math.max(0, (state[2] as number) - elapsed * 1000);
    const written = state[3] as number;
    // Counted in units before it is multiplied, so that no product leaves the safe integers.
    if (written !== interval) backlog = Math.min(Math.ceil(backlog / written), config.burst) * interval;
    return [now, blockedMs, Math.min(backlog, config.burst * interval), interval];
  },
  take(state, { burst }, cost) {
    const interval = state[3] as number;
    const wanted = (state[2] as number) + cost * interval;
    const over = wanted - burst * interval;
    if (over > 0) return Math.ceil(over / 1000);
    state[2] = wanted;
    return 0;
  },
  remaining(state, { burst }) {
    const interval = state[3] as number;
    return Math.floor((burst * interval - (state[2] as number)) / interval);
  },
  resetMs: (state) => Math.ceil((state[2] as number) / 1000),
  refund(state, _config, cost, age = 0) {
    // What has left since it was taken can't be given back.
    const back = Math.max(0, cost * (state[3] as number) - age * 1000);
    state[2] = Math.max(0, (state[2] as number) - back);
  },
};

/** Microseconds that a unit takes to leave; rounded up, so that no more than the limit gets through. */
function intervalOf(config: LimitConfig): number {
  return Math.ceil((config.windowMs * 1000) / config.limit);
}

/** The kernel of GCRA. */
export const gcra = limitKernel(algorithm);
