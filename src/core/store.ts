import type { Kernel } from "./kernel.js";

/** Returned at once where it can be: callers on hot paths don't await what is not a promise. */
export type MaybePromise<T> = T | Promise<T>;

/** Why a store could not decide. */
export type StoreFailureCause = "timeout" | "unavailable" | "contention" | "capacity" | "version";

/** A store's answer when it could not decide: a value, since what follows is a policy's choice and not an exception. */
export class StoreFailure {
  constructor(
    readonly reason: StoreFailureCause,
    /** `unknown`: the write may have happened. Never retried without an operation id. */
    readonly applied: "no" | "unknown",
    readonly error?: unknown,
  ) {}
}

/** A kernel's decision, or why there is none. */
export type Outcome<Decision extends object> = Decision | StoreFailure;

/** What a single call to a store may carry. */
export interface StoreCall {
  /** Milliseconds the store may take. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
}

/** The cells of one kernel and one purpose, `limiter:chat` say. Opened once, stepped often. */
export interface Cells<Config, Input, Decision extends object> {
  /** Steps one cell: one atomic decision, one round trip. */
  step(key: string, config: Config, input: Input, call?: StoreCall): MaybePromise<Outcome<Decision>>;
  /**
   * The decision of a step that would change nothing, where the store can tell it for less than a step costs;
   * `decision` is `undefined` where it can't: then it is to be stepped. Left out where nothing is gained.
   */
  glance?(
    key: string,
    config: Config,
    input: Input,
    call?: StoreCall,
  ): MaybePromise<Outcome<{ readonly decision: Decision | undefined }>>;
  /** The same, as a part of {@link Store.stepAll}. */
  with(key: string, config: Config, input: Input): CellStep<Decision>;
}

/** One part of a {@link Store.stepAll}. Made by {@link Cells.with}; a store knows its own. */
export interface CellStep<out Decision extends object> {
  readonly key: string;
  readonly "~decision"?: Decision;
}

/**
 * What a store has to do: run kernels on cells, atomically. Everything stateful in Keelson stands on this, so a
 * store is complete when it passes the conformance suite of `keelson/testing`.
 *
 * A live cell is never evicted: a store that is full answers with a `capacity` failure.
 */
export interface Store<out C extends Capability = Capability, out Ctx = unknown> {
  /** What can be done from here; the types of bound definitions follow it. */
  readonly capability: C;
  /** The call that this store is bound to, in runtimes that have one (Convex). */
  readonly ctx: Ctx;
  /** `memory`, `redis`, … for the snapshot. */
  readonly kind: string;
  /** @param space what the cells are for, unique among the service's: the prefix of their keys */
  open<S, Config, Input, D extends object>(kernel: Kernel<S, Config, Input, D>, space: string): Cells<Config, Input, D>;
  /** Whether {@link stepAll} on these would be atomic: they lie in one partition. */
  together(steps: readonly CellStep<object>[]): boolean;
  /**
   * Steps cells of one partition, all or nothing. If every step is granted, all new states are kept. If any is
   * refused, those of the granted ones are dropped and those of the refused are kept (a block that a refusal begins).
   */
  stepAll<D extends object>(steps: readonly CellStep<D>[], call?: StoreCall): MaybePromise<Outcome<readonly D[]>>;
  /** How full it is, where the store can say it without a round trip. */
  stats(): StoreStats;
  /** Gives back what the store itself opened. */
  close(): MaybePromise<void>;
}

/** See {@link Store.stats}. */
export interface StoreStats {
  readonly cells: number | null;
  readonly capacity: number | null;
}

/**
 * What the place a kit is bound to can do: `none` (definitions only), `read` (a Convex query), `write` (a Convex
 * mutation), `act` (everything; Node).
 */
export type Capability = "none" | "read" | "write" | "act";
