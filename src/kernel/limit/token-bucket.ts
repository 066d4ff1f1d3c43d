import { type Algorithm, type LimitConfig, type LimitState, limitKernel } from "./limit.js";

/**
 * Token bucket (Turner's leaky bucket as a meter): a bucket of `burst` tokens fills by `limit` a window, steadily.
 * Admits at most `burst + limit · span / window` units over any span of time.
 *
 * State: `[blockedUntil, at, missing, windowMs]`: when it was last filled, and how much was missing from a full bucket
 * then, in parts of a token: a token has `windowMs` parts, of which `limit` come a millisecond. So filling is exact in
 * whole numbers. (A reader of peers: RFC 2697 counts the same way.)
 *
 * When the window changes, the tokens that are missing stay as many, rounded up; a smaller bucket is empty at most. A
 * clock that goes back fills nothing, and time counts on from there.
 */
const algorithm: Algorithm = {
  name: "token-bucket",
  width: 4,
  capacity: (config) => config.burst,
  empty: (now, config) => [0, now, 0, config.windowMs],
  take(state, now, config, cost) {
    const { limit, windowMs, burst } = config;
    const missing = missingAt(state, now, config);
    const wanted = missing + cost * windowMs;
    const room = burst * windowMs - wanted;
    const granted = room >= 0;
    return {
      granted,
      state: granted && cost > 0 ? [0, now, wanted, windowMs] : undefined,
      remaining: Math.floor((granted ? room : room + cost * windowMs) / windowMs),
      retryAfterMs: granted ? 0 : Math.ceil(-room / limit),
      resetMs: Math.ceil((granted ? wanted : missing) / limit),
    };
  },
  refund(state, now, config, cost, at) {
    const { limit, windowMs } = config;
    const missing = missingAt(state, now, config);
    // What has come back by itself since it was taken can't be given back again.
    const back = Math.max(0, cost * windowMs - Math.max(0, now - at) * limit);
    return [state[0] as number, now, Math.max(0, missing - back), windowMs];
  },
};

/** Parts of tokens that are missing from a full bucket. */
function missingAt(state: LimitState | undefined, now: number, { limit, windowMs, burst }: LimitConfig): number {
  if (state === undefined) return 0;
  const written = state[3] as number;
  let missing = state[2] as number;
  if (written !== windowMs) missing = Math.ceil(missing / written) * windowMs;
  const elapsed = Math.max(0, now - (state[1] as number));
  // Compared first: a huge jump of the clock must not leave the safe integers.
  missing = elapsed >= missing / limit ? 0 : missing - elapsed * limit;
  return Math.min(missing, burst * windowMs);
}

/** The kernel of the token bucket. */
export const tokenBucket = limitKernel(algorithm);
