/** How the wait before a retry is drawn. */
export type Jitter = "full" | "decorrelated" | "none";

/**
 * The wait before the next attempt, in whole milliseconds. (Marc Brooker, "Exponential Backoff And Jitter", AWS
 * Architecture Blog, 2015: full jitter spreads a crowd best for the work it costs.)
 *
 * @param failed how many attempts have failed, from 1
 * @param previous the wait before this one; 0 the first time
 */
export function backoff(
  jitter: Jitter,
  base: number,
  cap: number,
  failed: number,
  previous: number,
  random: () => number,
): number {
  if (jitter === "decorrelated") {
    // `previous` never exceeds the cap, so nothing here can grow past the range of numbers.
    const span = Math.max(base, Math.min(previous, cap) * 3) - base;
    return Math.round(Math.min(cap, base + random() * span));
  }
  // 2^52 times any base of a millisecond or more is past any cap that can be given.
  const ceiling = Math.min(cap, base * 2 ** Math.min(failed - 1, 52));
  return Math.round(jitter === "full" ? random() * ceiling : ceiling);
}
