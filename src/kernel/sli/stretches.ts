const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Counts of stretches of time of one length. */
export interface StretchTier {
  readonly stretchMs: number;
  /** The longest window that begins with a whole stretch of this length. */
  readonly windowMs: number;
  /** How long a stretch stands for itself after its end; then it may become a part of a longer one, or go. */
  readonly keptMs: number;
}

/**
 * How counts lie where the store does the counting: by minutes at first, then rolled up into hours and days, shortest
 * first. A window reaches back too far by a stretch at most: a minute of five, an hour of two, a day of thirty.
 */
export const STRETCHES: readonly StretchTier[] = [
  { stretchMs: MINUTE_MS, windowMs: HOUR_MS, keptMs: HOUR_MS + 10 * MINUTE_MS },
  { stretchMs: HOUR_MS, windowMs: 3 * DAY_MS, keptMs: 3 * DAY_MS + HOUR_MS },
  { stretchMs: DAY_MS, windowMs: 30 * DAY_MS, keptMs: 31 * DAY_MS },
];

/** When the stretch began that a moment falls into, Unix milliseconds. */
export function beginning(at: number, stretchMs: number): number {
  return Math.floor(at / stretchMs) * stretchMs;
}

/** Which stretches a window is made of: those as long as this or shorter that began since then. */
export function madeOf(windowMs: number, now: number): { readonly longestMs: number; readonly since: number } {
  const tier = STRETCHES.find((one) => windowMs <= one.windowMs) ?? (STRETCHES.at(-1) as StretchTier);
  return { longestMs: tier.stretchMs, since: beginning(now - windowMs, tier.stretchMs) };
}
