import pTimeout from "p-timeout";
import { Deadlines } from "../../core/deadlines.js";
import { type Duration, milliseconds } from "../../core/duration.js";
import { KeelsonError } from "../../core/errors.js";
import type { BreakerStateName } from "../../core/events.js";
import { Derived, type ReadTunable, type Runtime, runtime } from "../../core/runtime.js";
import { Breaker } from "../breaker/breaker.js";
import { Bulkhead } from "../bulkhead/bulkhead.js";
import { FallbackPlan } from "../fallback/plan.js";
import { HedgePlan, hedgeMemory } from "../hedge/plan.js";
import { budgetOf, RetryPlan } from "../retry/plan.js";
import { clockTimers } from "../timeout/clock-timers.js";
import { Call } from "./call.js";
import { HttpCalls } from "./http-calls.js";
import type { Machine, UpstreamPlan } from "./machine.js";
import { type Attempt, checkUpstream, type UpstreamCall, type UpstreamOptions } from "./options.js";
import type { Callee } from "./pass.js";
import { type Rules, runRules } from "./rules.js";
import { type UpstreamSnapshot, upstreamSnapshot } from "./snapshot.js";

/**
 * Everything between a service and something it calls, in one: fallback → total time-out → retry or hedge → rate
 * limit → breaker → bulkhead → attempt time-out → the call. Each part is there if it is named; all of them together
 * cost a call that succeeds a fraction of a microsecond.
 *
 * @example
 * const serper = new Upstream("serper", {
 *   timeout: "30s", attemptTimeout: "10s",
 *   retry: { attempts: 3 }, breaker: { failureRate: 0.5 }, bulkhead: { maxConcurrent: 32, maxQueue: 64 },
 * });
 * const hits = await serper.run(({ signal }) => sdk.search(q, { signal }));
 * const response = await serper.fetch("https://google.serper.dev/search?q=keel");
 */
export class Upstream<F = never> {
  readonly name: string;
  /** To isolate, disable or reset it by hand. */
  readonly breaker: Breaker | undefined;
  /** To resize it by hand. */
  readonly bulkhead: Bulkhead | undefined;
  readonly #machine: Machine;
  readonly #plan: Derived<UpstreamPlan>;
  readonly #rules: Rules;
  readonly #http: HttpCalls;
  readonly #where: string;
  #closed = false;

  /** @throws {ConfigError} naming the option that is wrong */
  constructor(name: string, options: UpstreamOptions<never, F>, rt: Runtime = runtime()) {
    const where = `upstream(${JSON.stringify(name)})`;
    checkUpstream(where, options);
    const { breaker, bulkhead, fallback } = options;
    this.name = name;
    this.#where = where;
    this.breaker =
      breaker instanceof Breaker ? breaker : breaker ? new Breaker(name, breaker, rt, `${where}.breaker`) : undefined;
    this.bulkhead = bulkhead ? new Bulkhead(name, bulkhead, rt, `${where}.bulkhead`) : undefined;
    this.#machine = {
      name,
      rt,
      breaker: this.breaker,
      bulkhead: this.bulkhead,
      limiter: options.limiter,
      fallback: fallback && new FallbackPlan<unknown>(`${where}.fallback`, fallback),
      sli: rt.sli?.("upstream", name),
      counts: {
        running: 0,
        success: 0,
        failure: 0,
        ignored: 0,
        cancelled: 0,
        rejected: 0,
        retries: 0,
        hedges: 0,
        timeouts: 0,
        fallbacks: 0,
      },
      drained: undefined,
    };
    this.#plan = new Derived(rt.knobs, planner(where, options, rt));
    this.#rules = runRules(options.classify);
    this.#http = new HttpCalls(where, name, options, rt);
  }

  /**
   * Calls a function under all of the upstream's protections. It is called at once where nothing stands in the way, and
   * again for each retry; its `signal` aborts when the attempt is given up, and never once it has returned.
   *
   * @throws {KeelsonError} `upstream_timeout`, `upstream_circuit_open`, `upstream_bulkhead_full`, `rate_limit`,
   * `unavailable` (closed); otherwise what the last attempt threw, or the caller's reason to abort
   */
  run<T>(fn: (attempt: Attempt) => T | PromiseLike<T>, call?: UpstreamCall): Promise<T | F> {
    return this.#start(fn, this.#rules, call);
  }

  /**
   * The platform's `fetch` under all of the upstream's protections. Statuses are classified: 408, 429 and 5xx are
   * failures and tried again, with Retry-After followed; other 4xx are handed on as they are and don't count.
   * `init.signal` is the caller's own, and reaches the body too.
   *
   * Only idempotent requests are sent again (by method, by an `Idempotency-Key` header, or by `call.idempotent`),
   * apart from what was refused with 429; and never one whose body is a stream.
   *
   * @throws {UpstreamStatusError} (`upstream_bad_status`) when the last attempt's status is a failure
   * @throws {KeelsonError} `upstream_failed` for a network error; otherwise as {@link run}
   */
  fetch(input: string | URL | Request, init?: RequestInit, call?: UpstreamCall): Promise<Response | F> {
    try {
      const { send, rules, options } = this.#http.prepare(input, init, call);
      return this.#start(send, rules, options);
    } catch (error) {
      // Headers that can't be, say: a promise rejects, as the platform's fetch does it.
      return Promise.reject(error);
    }
  }

  #start<T>(fn: Callee<T>, rules: Rules, options: UpstreamCall | undefined): Promise<T | F> {
    const machine = this.#machine;
    const { rt } = machine;
    if (this.#closed)
      return Promise.reject(
        new KeelsonError("unavailable", `upstream "${this.name}" is closed`, { source: `upstream:${this.name}` }),
      );
    const plan = this.#plan.value;
    const now = rt.clock.monotonic();
    const call = new Call<T>(machine, plan, fn, rules, now);
    machine.counts.running++;
    (plan.retry ?? plan.hedge)?.budget?.call(now);
    const context = options?.context ?? rt.currentContext?.();
    if ((options === undefined && context === undefined) || call.accept(options, context)) call.begin(now);
    return call.promise;
  }

  /** The breaker's state; `closed` without one. */
  state(): BreakerStateName {
    return this.breaker?.state ?? "closed";
  }

  /** Counts, configuration in effect, and the parts' own snapshots, as plain data. */
  snapshot(): UpstreamSnapshot {
    return upstreamSnapshot(this.#machine, this.#plan.value);
  }

  /**
   * Takes no more calls and waits until those under way have settled; after `drain` no longer, and calls still in the
   * bulkhead's queue are sent away. Calls that run are left to their time-outs.
   *
   * @returns whether all calls have settled
   * @throws {ConfigError} when `drain` is no duration
   */
  async close(options: { readonly drain?: Duration } = {}): Promise<boolean> {
    const machine = this.#machine;
    const { drain } = options;
    const drainMs = drain === undefined ? Infinity : milliseconds(drain, `${this.#where}.close.drain`);
    this.#closed = true;
    if (machine.counts.running === 0) return true;
    const settled = new Promise<true>((resolve) => {
      const earlier = machine.drained;
      machine.drained = () => {
        earlier?.();
        resolve(true);
      };
    });
    const all =
      drainMs > 0 &&
      (await pTimeout<boolean, false>(settled, {
        milliseconds: drainMs,
        fallback: () => false,
        customTimers: clockTimers(machine.rt.clock),
      }));
    // Nobody waits for this second close: it only empties the queue.
    if (!all) void this.bulkhead?.close({ drain: 0 });
    return all;
  }
}

/** Makes the plan, again whenever a knob changes. What counts or measures is made once. */
function planner(
  where: string,
  options: UpstreamOptions<never, unknown>,
  rt: Runtime,
): (read: ReadTunable) => UpstreamPlan {
  const { retry, hedge } = options;
  const budget = retry ? budgetOf(retry.budget, `${where}.retry`) : undefined;
  const memory = hedge ? hedgeMemory(`${where}.hedge`, hedge) : undefined;
  const deadlines = (read: ReadTunable, name: "timeout" | "attemptTimeout") =>
    options[name] === undefined
      ? undefined
      : new Deadlines(rt.clock, milliseconds(read<Duration>(options[name]), `${where}.${name}`, 1));
  return (read) => ({
    totals: deadlines(read, "timeout"),
    attempts: deadlines(read, "attemptTimeout"),
    retry: retry ? new RetryPlan(`${where}.retry`, retry, read, budget) : undefined,
    hedge: hedge && memory ? new HedgePlan(`${where}.hedge`, hedge, read, memory) : undefined,
  });
}
