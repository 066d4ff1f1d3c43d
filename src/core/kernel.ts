/**
 * A pure decision over the state of one cell. No clock, no I/O, no randomness: the store that holds the cell runs it,
 * in TypeScript or as a twin in the store's own language, and both must agree to the last bit. Times and amounts are
 * integers; divisions are floored.
 *
 * Several cells are stepped together by the store, all or nothing: see {@link Store.stepAll}.
 */
export interface Kernel<State, Config, Input, Decision extends object> {
  /** The name on the wire, which a store finds its twin by. */
  readonly name: string;
  /** The version of `State`. Stores keep it beside the state. */
  readonly version: number;
  /** Set when a state is always a tuple of so many numbers: a store may pack it. */
  readonly width?: number;
  /**
   * Set when a state that is written again as it was is only to be kept longer: a store whose writes get in each other's
   * way may leave that out while more than half of its time is left.
   */
  readonly renews?: boolean;
  /** Reads the state that version `version − 1` wrote. Without it such a state counts as absent. */
  upgrade?(older: unknown): State | undefined;
  /**
   * @param state what the cell holds; `undefined` when it is absent or has expired
   * @param now whole milliseconds of the store's clock; a kernel copes when it goes backwards
   */
  step(state: State | undefined, now: number, config: Config, input: Input): Step<State, Decision>;
}

/** What a {@link Kernel} decided. */
export interface Step<State, Decision extends object> {
  /** Whether it may go ahead. One refusal among cells stepped together drops the new states of the granted ones. */
  readonly granted: boolean;
  readonly decision: Decision;
  /** The new state; `null` deletes the cell, `undefined` leaves it as it is. */
  readonly state: State | null | undefined;
  /** Milliseconds for which the new state matters; then it may go. */
  readonly ttlMs: number;
}
