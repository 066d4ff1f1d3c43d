/** One of those that something is shared among. */
export interface Sharer {
  /** What it could take at most. */
  readonly most: number;
  share: number;
}

/** Shares so much out in turn: each as much as the others, as far as it can take it. */
export function shareOut(amount: number, among: readonly Sharer[]): void {
  let left = amount;
  let open = among;
  for (const one of among) one.share = 0;
  while (left > 0 && open.length > 0) {
    const each = Math.max(1, Math.floor(left / open.length));
    const still: Sharer[] = [];
    for (const one of open) {
      const more = Math.min(each, left, one.most - one.share);
      if (more <= 0) continue;
      one.share += more;
      left -= more;
      still.push(one);
    }
    open = still;
  }
}
