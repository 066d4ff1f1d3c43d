import { ConfigError, integer } from "../../core/config.js";
import type { Context } from "../../core/context.js";
import { Deadlines } from "../../core/deadlines.js";
import { KeelsonError } from "../../core/errors.js";
import { Derived, type Runtime } from "../../core/runtime.js";
import {
  type CellStep,
  type Cells,
  type MaybePromise,
  type Outcome,
  type Store,
  StoreFailure,
  type StoreFailureCause,
} from "../../core/store.js";
import { broken, StoreWait } from "../../core/store-wait.js";
import type { LimitConfig, LimitDecision, LimitInput, LimitKernel } from "../../kernel/limit/limit.js";
import { RecentTop } from "../../kernel/top/recent-top.js";
import type { Counted } from "../../kernel/top/space-saving.js";
import type { Decision } from "./decision.js";
import { LocalLimits } from "./local-limits.js";
import { kernelOf, type LimiterConfig, type LimiterOptions, limiterConfig, whereOf } from "./options.js";
import { Prefetch, type PrefetchingConfig } from "./prefetch.js";

/** Made once: nearly every request takes one unit. */
const TAKE_ONE: LimitInput = { op: "take", amount: 1, at: -1 };

/** When to try again after a store's failure: soon, for stores come back. */
const RETRY_MS = 1_000;

/** Keys that are counted to know the ones that are denied most, in each of two windows. */
const DENIED_KEYS = 64;
const DENIED_WINDOW_MS = 300_000;

/** What a limiter is made of: its store's cells, what is decided without them, and the counts. */
export class LimiterEngine {
  readonly where: string;
  readonly config: Derived<LimiterConfig>;
  readonly counts = { allowed: 0, denied: 0, open: 0, closed: 0, local: 0 };
  readonly #rt: Runtime;
  readonly #kernel: LimitKernel;
  readonly #deadlines: Deadlines;
  readonly #local: LocalLimits;
  readonly #prefetch: Prefetch;
  #cells: Cells<LimitConfig, LimitInput, LimitDecision> | undefined;
  /** Made with the first denial: where each call has a limiter of its own, most need none. */
  #denied: RecentTop | undefined;

  constructor(
    readonly name: string,
    options: LimiterOptions<never>,
    rt: Runtime,
  ) {
    this.where = whereOf(name);
    this.#rt = rt;
    this.config = new Derived(rt.knobs, (read) => limiterConfig(name, options, read));
    const { algorithm, call } = this.config.value;
    this.#kernel = kernelOf(algorithm);
    this.#local = new LocalLimits(this.#kernel, rt.clock);
    this.#deadlines = new Deadlines(rt.clock, call.deadlineMs);
    this.#prefetch = new Prefetch(
      {
        fetch: (key, amount) => this.#fetch(key, amount),
        giveBack: (key, amount, at) => void this.#inTime(this.#step(key, { op: "refund", amount, at })),
        degraded: (key, input, failure) => this.degraded(key, input, failure),
      },
      rt.clock,
    );
  }

  /** @throws {TypeError} when there is none */
  get store(): Store {
    const { store } = this.#rt;
    if (store !== undefined) return store;
    throw new TypeError(`${this.where} has no store: pass runtime({ store }), or define it with a kit`);
  }

  /** How long the store may take. */
  get deadlineMs(): number {
    return this.#deadlines.ms;
  }

  /** The request for `cost` units. */
  asking(op: "take" | "peek", cost: number): LimitInput {
    if (cost === 1 && op === "take") return TAKE_ONE;
    return { op, amount: integer(cost, `${this.where}: cost`, 0, this.config.value.capacity), at: -1 };
  }

  /** Decides, and counts the decision. */
  take(key: string, input: LimitInput, context: Context | undefined): MaybePromise<Decision> {
    const { value: config } = this.config;
    const decision =
      config.prefetch === undefined || input.amount === 0
        ? this.decide(key, input)
        : this.#prefetch.take(this.named(key), input, config as PrefetchingConfig);
    if (decision instanceof Promise) return this.#countLater(decision, key, input.amount, context);
    this.count(key, input.amount, decision, context);
    return decision;
  }

  /** Decides, without counting the decision. */
  decide(key: string, input: LimitInput): MaybePromise<Decision> {
    const answer = this.#step(key, input);
    if (answer instanceof Promise) return this.#decideLater(answer, key, input);
    return answer instanceof StoreFailure ? this.degraded(key, input, answer) : answer;
  }

  /** Its part of a step of several. */
  part(key: string, input: LimitInput): CellStep<LimitDecision> {
    return this.#opened().with(key, this.config.value, input);
  }

  /** Waits no longer than the deadline. */
  within<D extends object>(pending: Promise<Outcome<D>>): Promise<Outcome<D>> {
    return new StoreWait(pending, this.#deadlines, this.#rt.clock.monotonic()).answer;
  }

  /** Does here too what a distant store did, so that its failure hands no key its whole limit again, nor ends a block. */
  warm(key: string, input: LimitInput, { allowed, retryAfterMs }: LimitDecision): void {
    const { local, blockMs } = this.config.value;
    if (local === undefined || input.op !== "take") return;
    // What the store allowed blocks nobody, though it may be more than this process has left to give.
    if (allowed) this.#locally(key, input, local.unblocking);
    else if (blockMs > 0) this.#locally(key, { op: "block", amount: retryAfterMs, at: -1 });
  }

  /** Gives units back to whoever gave them. Whether that worked. */
  async refund(key: string, amount: number, at: number | undefined): Promise<boolean> {
    this.#prefetch.relent(key);
    // The time of a decision made here is negative: see `degraded`.
    if (at !== undefined && at < 0) {
      this.#locally(key, { op: "refund", amount, at: -1 - at });
      return true;
    }
    const answer = await this.#inTime(this.#step(key, { op: "refund", amount, at: at ?? -1 }));
    if (answer instanceof StoreFailure) {
      this.#tellFailure(answer, "closed");
      return false;
    }
    // By the clock here; what was taken before that began was never counted here.
    const age = at === undefined ? 0 : answer.at - at;
    const then = this.#local.now() - age;
    if (age >= 0 && then >= 0) this.#locally(key, { op: "refund", amount, at: then });
    return true;
  }

  /** @throws {KeelsonError} `unavailable` when the store failed */
  async manage(key: string, input: LimitInput): Promise<void> {
    this.#prefetch.forget(key);
    this.#locally(key, input);
    const answer = await this.#inTime(this.#step(key, input));
    if (!(answer instanceof StoreFailure)) return;
    this.#tellFailure(answer, "closed");
    throw new KeelsonError("unavailable", `${this.where}: ${input.op} failed (${answer.reason})`, {
      cause: answer.error,
      retryAfterMs: RETRY_MS,
      source: `limiter:${this.name}`,
    });
  }

  /** What the policy decides in place of the store. */
  degraded(key: string, input: LimitInput, failure: StoreFailure): Decision {
    const { reason } = failure;
    const policy = this.config.value.onFailure[reason];
    this.#tellFailure(failure, policy);
    if (policy === "local") {
      const local = this.#locally(key, input);
      // Of another clock than the store's: negative, so that a refund finds its way back here.
      if (local !== undefined) return { ...local, at: -1 - local.at, source: "local", degraded: true, reason };
    }
    return this.#uncounted(policy === "open", reason);
  }

  /** Counts and tells a decision. */
  count(key: string, cost: number, decision: Decision, context: Context | undefined): void {
    const { allowed, source } = decision;
    if (allowed) this.counts.allowed++;
    else this.#countDenied(key, source);
    if (source !== "store") this.counts[source]++;
    if (!this.#rt.events.wants("limiter.decision")) return;
    const { remaining, retryAfterMs } = decision;
    this.#rt.events.emit("limiter.decision", {
      name: this.name,
      context: context ?? this.#rt.currentContext?.(),
      key,
      allowed,
      cost,
      remaining,
      retryAfterMs,
      source,
    });
  }

  /** The keys that were denied most in the last five to ten minutes. The keys themselves: not for others to see. */
  topDenied(most: number): readonly Counted[] {
    return this.#denied?.top(most, this.#rt.clock.monotonic()) ?? [];
  }

  #countDenied(key: string, source: Decision["source"]): void {
    this.counts.denied++;
    // What is refused because the store failed says nothing about whom.
    if (source === "closed") return;
    this.#denied ??= new RecentTop(DENIED_KEYS, DENIED_WINDOW_MS);
    this.#denied.add(key, this.#rt.clock.monotonic());
  }

  #step(key: string, input: LimitInput): MaybePromise<Outcome<LimitDecision>> {
    const config = this.config.value;
    const cells = this.#cells ?? this.#opened();
    const name = this.named(key);
    try {
      return cells.step(name, config, input, config.call);
    } catch (error) {
      return broken(error);
    }
  }

  async #fetch(key: string, amount: number): Promise<Outcome<LimitDecision>> {
    const input: LimitInput = { op: "take", amount, at: -1 };
    const answer = await this.#inTime(this.#step(key, input));
    if (!(answer instanceof StoreFailure)) this.warm(key, input, answer);
    return answer;
  }

  #opened(): Cells<LimitConfig, LimitInput, LimitDecision> {
    this.#cells ??= this.store.open(this.#kernel, `limiter:${this.name}`);
    return this.#cells;
  }

  /**
   * Checks a key: an empty one would count everybody together.
   *
   * @throws {ConfigError} when it is no text, or empty
   */
  named(key: string): string {
    if (typeof key === "string" && key !== "") return key;
    throw new ConfigError(`${this.where}: key`, key, "text that is not empty");
  }

  async #decideLater(pending: Promise<Outcome<LimitDecision>>, key: string, input: LimitInput): Promise<Decision> {
    const answer = await this.within(pending);
    if (answer instanceof StoreFailure) return this.degraded(key, input, answer);
    this.warm(key, input, answer);
    return answer;
  }

  async #countLater(
    pending: Promise<Decision>,
    key: string,
    cost: number,
    context: Context | undefined,
  ): Promise<Decision> {
    const decision = await pending;
    this.count(key, cost, decision, context);
    return decision;
  }

  #inTime(answer: MaybePromise<Outcome<LimitDecision>>): MaybePromise<Outcome<LimitDecision>> {
    return answer instanceof Promise ? this.within(answer) : answer;
  }

  /** `undefined` where no policy counts in this process, or there is no room for the key. */
  #locally(key: string, input: LimitInput, limits?: LimitConfig): LimitDecision | undefined {
    const { local } = this.config.value;
    if (local === undefined) return undefined;
    const { op, amount, at } = input;
    // What costs more than a part of the limit takes all of the part.
    const fitting = op === "block" || amount <= local.capacity ? input : { op, amount: local.capacity, at };
    return this.#local.step(key, limits ?? local, local.maxKeys, fitting);
  }

  /** Open or closed: nobody counts. */
  #uncounted(allowed: boolean, reason: StoreFailureCause): Decision {
    const waitMs = allowed ? 0 : RETRY_MS;
    return {
      allowed,
      limit: this.config.value.capacity,
      remaining: 0,
      retryAfterMs: waitMs,
      resetMs: waitMs,
      at: 0,
      source: allowed ? "open" : "closed",
      degraded: true,
      reason,
    };
  }

  #tellFailure({ reason, applied, error }: StoreFailure, policy: string): void {
    if (!this.#rt.events.wants("store.failure")) return;
    this.#rt.events.emit("store.failure", { name: `limiter:${this.name}`, reason, applied, policy, error });
  }
}
