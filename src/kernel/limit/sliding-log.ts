import { type Algorithm, limitKernel, type PresentState } from "./limit.js";

/**
 * Sliding log: remembers when each unit was taken. Exact: admits at most `limit` units over any span of `windowMs`.
 * Costs memory and time for it: two numbers for each millisecond in which something was taken, at most `limit` of them.
 *
 * State: `[writtenAt, blockedMs, windowMs, used, age, cost, age, cost, …]`: units in the window, and the age and size of
 * what was taken, oldest first.
 *
 * A changed limit and a shorter window count at once. A longer window forgets what the shorter one had forgotten by the
 * first request after the change: it holds exactly for all that is taken from then on.
 */
const algorithm: Algorithm = {
  name: "sliding-log",
  capacity: (config) => config.limit,
  present(state, elapsed, now, blockedMs, { windowMs }) {
    const present: PresentState = [now, blockedMs, windowMs, 0];
    if (state === undefined) return present;
    const most = Math.min(state[2] as number, windowMs);
    let used = 0;
    for (let i = 4; i < state.length; i += 2) {
      const age = (state[i] as number) + elapsed;
      if (age >= most) continue;
      used += state[i + 1] as number;
      present.push(age, state[i + 1] as number);
    }
    present[3] = used;
    return present;
  },
  take(state, { limit, windowMs }, cost) {
    const wanted = (state[3] as number) + cost;
    if (wanted > limit) return windowMs - ageFreeing(state, wanted - limit);
    state[3] = wanted;
    const last = state.length - 2;
    if (last >= 4 && state[last] === 0) state[last + 1] = (state[last + 1] as number) + cost;
    else state.push(0, cost);
    return 0;
  },
  remaining: (state, { limit }) => Math.max(0, limit - (state[3] as number)),
  resetMs: (state, { windowMs }) => (state[3] === 0 ? 0 : windowMs - (state[state.length - 2] as number)),
  refund(state, _config, cost, age) {
    let left = cost;
    // From the newest on, where it isn't said when they were taken.
    for (let i = state.length - 2; i >= 4 && left > 0; i -= 2) {
      if (age !== undefined && state[i] !== age) continue;
      const back = Math.min(left, state[i + 1] as number);
      left -= back;
      state[3] = (state[3] as number) - back;
      if (back === state[i + 1]) state.splice(i, 2);
      else state[i + 1] = (state[i + 1] as number) - back;
    }
  },
};

/** The age of the entry with whose leaving at least `units` will have left. */
function ageFreeing(state: PresentState, units: number): number {
  let freed = 0;
  for (let i = 4; i < state.length; i += 2) {
    freed += state[i + 1] as number;
    if (freed >= units) return state[i] as number;
  }
  // More than the limit was asked for: never. The limiter refuses that before it comes here.
  return 0;
}

/** The kernel of the sliding log. */
export const slidingLog = limitKernel(algorithm);
