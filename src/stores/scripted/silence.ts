/** Nobody is taken for silent sooner, however short the deadlines. */
const SHORTEST_MS = 1_000;

/** Calls to one slot. */
interface Asked {
  /** Without an answer yet. */
  waiting: number;
  /** When something was heard last; when the first was asked, where nothing was. */
  since: number;
  /** When one was let through although nothing is heard. */
  triedAt: number;
}

/**
 * Notices servers from which nothing is heard though the connection looks fine (a route that is gone, a process that is
 * stopped). Clients keep every command that has no answer, for as long as TCP takes to give the connection up, which
 * is a quarter of an hour: so only one call a second is sent on, by which it is noticed that somebody is there again.
 */
export class Silence {
  readonly #now: () => number;
  readonly #slots = new Map<number, Asked>();

  /** @param now monotonic milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Whether a call is to be sent; if it is, {@link heard} has to follow. Not when nothing has been heard for as long as
   * it would wait.
   */
  ask(slot: number, deadlineMs: number): boolean {
    const now = this.#now();
    const asked = this.#slots.get(slot);
    if (asked === undefined) {
      this.#slots.set(slot, { waiting: 1, since: now, triedAt: now });
      return true;
    }
    const shortest = Math.max(SHORTEST_MS, deadlineMs);
    if (now - asked.since >= shortest) {
      if (now - asked.triedAt < SHORTEST_MS) return false;
      asked.triedAt = now;
    }
    asked.waiting++;
    return true;
  }

  /** A call was answered, or can't be any more: the connection broke. */
  heard(slot: number): void {
    const asked = this.#slots.get(slot);
    if (asked === undefined) return;
    asked.since = this.#now();
    if (--asked.waiting === 0) this.#slots.delete(slot);
  }
}
