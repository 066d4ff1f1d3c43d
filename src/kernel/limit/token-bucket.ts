import { type Algorithm, limitKernel } from "./limit.js";

/**
 * Token bucket (Turner's leaky bucket as a meter; RFC 2697 counts the same way): a bucket of `burst` tokens fills by
 * `limit` a window, steadily. Admits at most `burst + limit · span / windowMs` units over any span of time.
 *
 * State: `[writtenAt, blockedMs, missing, limit, windowMs]`: how much was missing from a full bucket, in parts of a
 * token: a token has `windowMs` parts, of which `limit` come in a millisecond. So filling is exact in whole numbers.
 *
 * Up to the first request after a change of limit or window the bucket fills at the old rate; then the tokens that are
 * missing stay as many, rounded up. A smaller bucket is empty at most.
 */
const algorithm: Algorithm = {
  name: "token-bucket",
  width: 5,
  capacity: (config) => config.burst,
  present(state, elapsed, now, blockedMs, { limit, windowMs, burst }) {
    if (state === undefined) return [now, blockedMs, 0, limit, windowMs];
    // After a huge jump the product is not exact; it is then far more than what can be missing.
    let missing = Math.max(0, (state[2] as number) - elapsed * (state[3] as number));
    const written = state[4] as number;
    if (written !== windowMs) missing = Math.min(Math.ceil(missing / written), burst) * windowMs;
    return [now, blockedMs, Math.min(missing, burst * windowMs), limit, windowMs];
  },
  take(state, { limit, windowMs, burst }, cost) {
    const wanted = (state[2] as number) + cost * windowMs;
    const over = wanted - burst * windowMs;
    if (over > 0) return Math.ceil(over / limit);
    state[2] = wanted;
    return 0;
  },
  remaining: (state, { windowMs, burst }) => Math.floor((burst * windowMs - (state[2] as number)) / windowMs),
  resetMs: (state, { limit }) => Math.ceil((state[2] as number) / limit),
  refund(state, { limit, windowMs }, cost, age = 0) {
    // What has come back by itself since it was taken can't be given back again.
    const back = Math.max(0, cost * windowMs - age * limit);
    state[2] = Math.max(0, (state[2] as number) - back);
  },
};

/** The kernel of the token bucket. */
export const tokenBucket = limitKernel(algorithm);
