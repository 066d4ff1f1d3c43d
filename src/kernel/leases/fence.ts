/** Fences a millisecond: more leases than one cell can give out. */
const A_MILLISECOND = 1000;

/**
 * The number of the next lease: greater than every earlier one, so that a resource can tell a late holder from the
 * present one (Kleppmann, "How to do distributed locking", 2016). Taken from the clock, in microseconds, where that is
 * further, for then it stays so even if the cell, and the last number with it, was forgotten meanwhile: unless the
 * store's clock went back by more than a lease lasts.
 */
export function nextFence(last: number, now: number): number {
  return Math.max(last + 1, now * A_MILLISECOND);
}

/** Milliseconds until the clock is past a fence, and it may be forgotten. */
export function fenceLeftMs(last: number, now: number): number {
  return Math.floor(last / A_MILLISECOND) - now + 1;
}
