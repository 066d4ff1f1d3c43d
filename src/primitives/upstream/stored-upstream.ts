import { ConfigError } from "../../core/config.js";
import type { BreakerStateName } from "../../core/events.js";
import type { Runtime } from "../../core/runtime.js";
import { Breaker } from "../breaker/breaker.js";
import { retryAfterOf } from "../breaker/classify-call.js";
import { StoredBreaker } from "../breaker/stored-breaker.js";
import type { BulkheadOptions } from "../bulkhead/options.js";
import type { CallOutcome } from "../outcome.js";
import { parseRetryAfter } from "../retry/retry-after.js";
import { SharedBulkhead } from "../shared-bulkhead/shared-bulkhead.js";
import { outcomeOfFetchError, outcomeOfResponse } from "./http-calls.js";
import type { Attempt, UpstreamCall, UpstreamOptions } from "./options.js";
import { type Rules, runRules } from "./rules.js";
import type { UpstreamSnapshot } from "./snapshot.js";
import { Upstream } from "./upstream.js";

/**
 * An upstream for places that live for one call: time-outs, retries and hedges are the call's own, its breaker and its
 * bulkhead lie in the store and are shared by all calls. A bulkhead's slots are leases of 10 seconds, renewed while the
 * call runs.
 */
export class StoredUpstream<F = never> {
  readonly name: string;
  /** To isolate, disable or reset it by hand. */
  readonly breaker: StoredBreaker | undefined;
  readonly bulkhead: SharedBulkhead | undefined;
  readonly #inner: Upstream<F>;
  readonly #rt: Runtime;
  readonly #runRules: Rules;
  readonly #fetchRules: Pick<Rules, "result" | "error">;

  /** @throws {ConfigError} naming the option that is wrong */
  constructor(name: string, options: UpstreamOptions<never, F>, rt: Runtime) {
    const where = `upstream(${JSON.stringify(name)})`;
    const { breaker, bulkhead, classify = {}, http = {}, ...rest } = options;
    if (breaker instanceof Breaker)
      throw new ConfigError(`${where}.breaker`, breaker, "a breaker's options: it is kept in the store");
    this.name = name;
    this.#rt = rt;
    this.breaker = breaker ? new StoredBreaker(name, breaker, rt, `${where}.breaker`) : undefined;
    this.bulkhead = bulkhead ? sharedBulkhead(name, bulkhead, rt, where) : undefined;
    this.#runRules = runRules(classify);
    this.#fetchRules = {
      result: classify.response ?? outcomeOfResponse,
      error: classify.error ?? outcomeOfFetchError,
    };
    const send = http.fetch ?? ((input, init) => globalThis.fetch(input, init));
    this.#inner = new Upstream<F>(
      name,
      {
        ...rest,
        classify,
        http: { ...http, fetch: (input, init) => this.#fetched(() => send(input, init), init?.signal ?? undefined) },
      },
      rt,
    );
  }

  /** See {@link Upstream.run}. */
  run<T>(fn: (attempt: Attempt) => T | PromiseLike<T>, call?: UpstreamCall): Promise<T | F> {
    return this.#inner.run(
      (attempt) => this.#guarded(async () => fn(attempt), this.#runRules, call?.signal, retryAfterOf),
      call,
    );
  }

  /** See {@link Upstream.fetch}. */
  fetch(input: string | URL | Request, init?: RequestInit, call?: UpstreamCall): Promise<Response | F> {
    return this.#inner.fetch(input, init, call);
  }

  /** The breaker's state as the store has it; `closed` without one. */
  async state(): Promise<BreakerStateName> {
    return (await this.breaker?.state()) ?? "closed";
  }

  /** Asks the store, for {@link snapshot}. */
  async refresh(): Promise<void> {
    await this.breaker?.refresh();
  }

  /** What this call did, and what the store said last. */
  snapshot(): UpstreamSnapshot {
    return { ...this.#inner.snapshot(), breaker: this.breaker?.snapshot() ?? null };
  }

  /** See {@link Upstream.close}. */
  close(options?: Parameters<Upstream["close"]>[0]): Promise<boolean> {
    return this.#inner.close(options);
  }

  #fetched(send: () => Promise<Response>, signal: AbortSignal | undefined): Promise<Response> {
    return this.#guarded(send, this.#fetchRules, signal, (_, response) =>
      parseRetryAfter((response as Response | undefined)?.headers.get("retry-after") ?? null, this.#rt.clock.wall()),
    );
  }

  async #guarded<T>(
    fn: () => Promise<T>,
    rules: Pick<Rules, "result" | "error">,
    signal: AbortSignal | undefined,
    retryAfter: (error: unknown, value: T | undefined) => number | undefined,
  ): Promise<T> {
    const run = (): Promise<T> => {
      const { bulkhead } = this;
      return bulkhead === undefined ? fn() : bulkhead.run(fn, signal === undefined ? {} : { signal });
    };
    const { breaker } = this;
    if (breaker === undefined) return run();
    const permit = await breaker.enter();
    let value: T;
    try {
      value = await run();
    } catch (error) {
      const outcome: CallOutcome = signal?.aborted === true ? "cancelled" : rules.error(error);
      await breaker.settle(permit, outcome, retryAfter(error, undefined), error);
      throw error;
    }
    await breaker.settle(permit, rules.result?.(value as never) ?? "success", retryAfter(undefined, value));
    return value;
  }
}

/** @throws {ConfigError} for what a bulkhead in a store doesn't have */
function sharedBulkhead(name: string, options: BulkheadOptions<never>, rt: Runtime, where: string): SharedBulkhead {
  const { maxConcurrent, maxQueue, queueTimeout, ...other } = options;
  for (const option of Object.keys(other))
    throw new ConfigError(
      `${where}.bulkhead.${option}`,
      other[option as keyof typeof other],
      "left out: the bulkhead lies in the store; it has maxConcurrent, maxQueue and queueTimeout",
    );
  return new SharedBulkhead(
    name,
    {
      maxConcurrent,
      ...(maxQueue !== undefined && { maxQueue }),
      ...(queueTimeout !== undefined && { queueTimeout }),
    },
    rt,
  );
}
