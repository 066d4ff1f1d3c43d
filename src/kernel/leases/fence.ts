/**
 * The number of the next lease: greater than every earlier one, so that a resource can tell a late holder from the
 * present one (Kleppmann, "How to do distributed locking", 2016). Taken from the clock where that is further, for then
 * it stays so even if the cell, and the last number with it, was forgotten meanwhile: unless the store's clock went
 * back by more than a lease lasts.
 */
export function nextFence(last: number, now: number): number {
  return Math.max(last + 1, now);
}
