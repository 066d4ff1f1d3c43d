/**
 * The algorithms once more, as plainly as they can be said: each looks at everything that was ever admitted. They know
 * nothing of states and only time that goes forward.
 */
import type { Admitted, Name } from "./limit.fixture.js";
import type { LimitConfig } from "./limit.js";

/** Whether `cost` more may be admitted at `now`. */
export type Model = (admitted: readonly Admitted[], now: number, config: LimitConfig, cost: number) => boolean;

function sum(admitted: readonly Admitted[], from: number, until: number): number {
  return admitted.filter(({ at }) => at >= from && at < until).reduce((total, { cost }) => total + cost, 0);
}

/** A window begins with the first unit that is in none. */
const fixedWindow: Model = (admitted, now, { limit, windowMs }, cost) => {
  let start = Number.NEGATIVE_INFINITY;
  for (const { at } of [...admitted, { at: now }]) if (at >= start + windowMs) start = at;
  return sum(admitted, start, start + windowMs) + cost <= limit;
};

/** Windows in a row from the first unit on; a new row once neither this one nor the one before has any. */
const slidingWindow: Model = (admitted, now, { limit, windowMs }, cost) => {
  let row = Number.NEGATIVE_INFINITY;
  const windowAt = (time: number) => row + Math.floor((time - row) / windowMs) * windowMs;
  for (const { at } of [...admitted, { at: now }]) {
    const empty = row === Number.NEGATIVE_INFINITY || sum(admitted, windowAt(at) - windowMs, at) === 0;
    if (empty) row = at;
  }
  const start = windowAt(now);
  const before = BigInt(sum(admitted, Math.max(row, start - windowMs), start));
  const used = BigInt(sum(admitted, start, now + 1) + cost);
  return used * BigInt(windowMs) + before * BigInt(windowMs - (now - start)) <= BigInt(limit) * BigInt(windowMs);
};

const slidingLog: Model = (admitted, now, { limit, windowMs }, cost) =>
  sum(admitted, now - windowMs + 1, now + 1) + cost <= limit;

/** Tokens, in parts of which a token has `windowMs`; filled from one request to the next, and never above the brim. */
const tokenBucket: Model = (admitted, now, { limit, windowMs, burst }, cost) => {
  const brim = BigInt(burst) * BigInt(windowMs);
  let parts = brim;
  let last = now;
  for (const [i, one] of [...admitted, { at: now, cost }].entries()) {
    if (i > 0) parts += BigInt(one.at - last) * BigInt(limit);
    if (parts > brim) parts = brim;
    parts -= BigInt(one.cost) * BigInt(windowMs);
    last = one.at;
  }
  return parts >= 0n;
};

/** As in the literature: by the theoretical arrival time. */
const gcra: Model = (admitted, now, { limit, windowMs, burst }, cost) => {
  const interval = BigInt(Math.ceil((windowMs * 1000) / limit));
  let arrival = 0n;
  for (const one of [...admitted, { at: now, cost }]) {
    const at = BigInt(one.at) * 1000n;
    arrival = (arrival > at ? arrival : at) + BigInt(one.cost) * interval;
  }
  return arrival - BigInt(now) * 1000n <= BigInt(burst) * interval;
};

export const MODELS: Readonly<Record<Name, Model>> = {
  "fixed-window": fixedWindow,
  "sliding-window": slidingWindow,
  "sliding-log": slidingLog,
  "token-bucket": tokenBucket,
  gcra,
};
