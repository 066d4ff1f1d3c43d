import { ConfigError } from "../../core/config.js";
import { KeelsonError } from "../../core/errors.js";
import type { BreakerStateName } from "../../core/events.js";
import { Derived, type Runtime } from "../../core/runtime.js";
import { type Cells, type MaybePromise, type Outcome, StoreFailure } from "../../core/store.js";
import { broken } from "../../core/store-wait.js";
import {
  type CircuitConfig,
  type CircuitDecision,
  type CircuitInput,
  circuitKernel,
} from "../../kernel/breaker/circuit.js";
import type { CallOutcome } from "../outcome.js";
import { outcomeOfError, retryAfterOf } from "./classify-call.js";
import type { BreakerCall } from "./guarded-calls.js";
import { type BreakerConfig, type BreakerOptions, breakerConfig } from "./options.js";
import type { BreakerSnapshot } from "./snapshot.js";

/** A count window lies in the store call by call. */
const MOST_WINDOW_CALLS = 1_000;

/** What lets a call through. `granted: false` where the store couldn't say: then nothing is counted. */
export interface StoredPermit {
  readonly permit: number;
  readonly startedAt: number;
}

/**
 * A breaker without a memory of its own: everything is counted in the store, by every call, so that it works where no
 * process lives longer than one. To enter costs a read while the circuit is closed; to settle costs a write.
 *
 * When the store can't be asked, calls are let through and not counted: a breaker is there for availability.
 */
export class StoredBreaker {
  readonly name: string;
  readonly #rt: Runtime;
  readonly #options: BreakerOptions<never>;
  readonly #config: Derived<{ readonly options: BreakerConfig; readonly circuit: CircuitConfig }>;
  #cells: Cells<CircuitConfig, CircuitInput, CircuitDecision> | undefined;
  #last: CircuitDecision | undefined;
  #rejected = 0;
  #stale = 0;

  /** @throws {ConfigError} naming the option that is wrong */
  constructor(name: string, options: BreakerOptions<never>, rt: Runtime, where = `breaker(${JSON.stringify(name)})`) {
    this.name = name;
    this.#rt = rt;
    this.#options = options;
    this.#config = new Derived(rt.knobs, (read) => {
      const config = breakerConfig(where, options, read);
      if (config.windowCalls > MOST_WINDOW_CALLS)
        throw new ConfigError(
          `${where}.window.calls`,
          config.windowCalls,
          `at most ${MOST_WINDOW_CALLS} where calls are counted in the store, or a time`,
        );
      return { options: config, circuit: circuitConfig(config) };
    });
  }

  /**
   * Calls a function unless the circuit is open.
   *
   * @throws {KeelsonError} `upstream_circuit_open`; otherwise what the function throws
   */
  async run<T>(fn: () => T | PromiseLike<T>, { signal }: BreakerCall = {}): Promise<T> {
    signal?.throwIfAborted();
    const permit = await this.enter();
    try {
      const value = await fn();
      await this.settle(permit, this.#options.isFailure?.(value) === true ? "failure" : "success");
      return value;
    } catch (error) {
      await this.settle(permit, outcomeOfError(error, signal, this.#options.ignore), retryAfterOf(error), error);
      throw error;
    }
  }

  /** @throws {KeelsonError} `upstream_circuit_open` */
  async enter(): Promise<StoredPermit> {
    const input = { op: "enter", chance: this.#rt.random() } as const;
    const decision = (await this.#glanced(input)) ?? (await this.#stepped("enter", input));
    const startedAt = this.#rt.clock.monotonic();
    if (decision === undefined) return { permit: 0, startedAt };
    if (decision.permit > 0) return { permit: decision.permit, startedAt };
    this.#rejected++;
    const { state, retryAfterMs } = decision;
    if (this.#rt.events.wants("breaker.rejected"))
      this.#rt.events.emit("breaker.rejected", { name: this.name, state, retryAfterMs });
    throw new KeelsonError("upstream_circuit_open", `the circuit of "${this.name}" is ${state}`, {
      retryAfterMs,
      source: `breaker:${this.name}`,
    });
  }

  /** Says how a call ended. */
  async settle(
    { permit, startedAt }: StoredPermit,
    outcome: CallOutcome,
    retryAfterMs = 0,
    error?: unknown,
  ): Promise<void> {
    if (permit === 0) return;
    const { slowOverMs } = this.#config.value.options;
    const counted = outcome === "success" || outcome === "failure";
    const known = this.#last;
    // A call that doesn't count gives back nothing where nothing was counted.
    if (!counted && known?.state === "closed") return;
    const decision = await this.#stepped("settle", {
      op: "settle",
      permit,
      counted,
      failed: outcome === "failure",
      slow: this.#rt.clock.monotonic() - startedAt > slowOverMs,
      retryAfterMs: Math.max(0, Math.round(retryAfterMs)),
      chance: this.#rt.random(),
    });
    if (outcome === "ignored" && error !== undefined && this.#rt.events.wants("breaker.ignored"))
      this.#rt.events.emit("breaker.ignored", { name: this.name, error });
    if (decision !== undefined && decision.generation !== permit && decision.reason === "") this.#stale++;
  }

  /** The state as the store has it; `closed` where it can't say. */
  async state(): Promise<BreakerStateName> {
    await this.refresh();
    return this.#last?.state ?? "closed";
  }

  /** Rejects every call until {@link reset}. */
  isolate(): Promise<void> {
    return this.#force("isolated");
  }

  /** Lets every call through and counts nothing, until {@link reset}. */
  disable(): Promise<void> {
    return this.#force("disabled");
  }

  /** Lets every call through and counts, without opening, until {@link reset}. */
  metricsOnly(): Promise<void> {
    return this.#force("metrics-only");
  }

  /** Closed, with nothing counted. */
  reset(): Promise<void> {
    return this.#force("closed");
  }

  /** Asks the store, for {@link snapshot}. */
  async refresh(): Promise<void> {
    const input = { op: "read" } as const;
    if ((await this.#glanced(input)) === undefined) await this.#stepped("read", input);
  }

  /** What the store said last. */
  snapshot(): BreakerSnapshot {
    const { options } = this.#config.value;
    const { state, generation, calls, failures, slow, probing, retryAfterMs } = this.#last ?? NEVER_ASKED;
    return {
      state,
      generation,
      calls,
      failures,
      slow,
      probing,
      retryAfterMs,
      rejected: this.#rejected,
      stale: this.#stale,
      fleet: null,
      config: {
        ...options,
        slowOverMs: options.slowOverMs === Infinity ? null : options.slowOverMs,
        slowRate: options.slowRate === Infinity ? null : options.slowRate,
      },
    };
  }

  async #force(state: Extract<CircuitInput, { op: "force" }>["state"]): Promise<void> {
    const decision = await this.#stepped("force", { op: "force", state });
    if (decision === undefined)
      throw new KeelsonError("unavailable", `the circuit of "${this.name}" could not be set: its store failed`, {
        source: `breaker:${this.name}`,
      });
  }

  /** The decision, where it changes nothing and the store can say so for less. */
  async #glanced(input: CircuitInput): Promise<CircuitDecision | undefined> {
    const cells = this.#open();
    if (cells.glance === undefined) return undefined;
    const outcome = await answer(() => cells.glance?.("state", this.#config.value.circuit, input));
    if (outcome === undefined || outcome instanceof StoreFailure) return undefined;
    return outcome.decision === undefined ? undefined : this.#noted(outcome.decision);
  }

  async #stepped(operation: string, input: CircuitInput): Promise<CircuitDecision | undefined> {
    const outcome = await answer(() => this.#open().step("state", this.#config.value.circuit, input));
    if (outcome === undefined) return undefined;
    if (!(outcome instanceof StoreFailure)) return this.#noted(outcome);
    const { reason, error } = outcome;
    this.#rt.events.emit("breaker.store_failed", { name: this.name, operation, reason, error });
    return undefined;
  }

  #noted(decision: CircuitDecision): CircuitDecision {
    this.#last = decision;
    const { from, state: to, reason, generation, calls, failures, slow } = decision;
    if (reason !== "" && from !== to)
      this.#rt.events.emit("breaker.transition", {
        name: this.name,
        from,
        to,
        reason,
        generation,
        calls,
        failures,
        slow,
      });
    return decision;
  }

  #open(): Cells<CircuitConfig, CircuitInput, CircuitDecision> {
    const { store } = this.#rt;
    if (store === undefined) throw new TypeError(`breaker "${this.name}": there is no store to count in`);
    this.#cells ??= store.open(circuitKernel, `circuit:${this.name}`);
    return this.#cells;
  }
}

const NEVER_ASKED = {
  state: "closed",
  generation: 1,
  calls: 0,
  failures: 0,
  slow: 0,
  probing: 0,
  retryAfterMs: 0,
} as const;

async function answer<T extends object>(
  ask: () => MaybePromise<Outcome<T>> | undefined,
): Promise<Outcome<T> | undefined> {
  try {
    return await ask();
  } catch (error) {
    return broken(error);
  }
}

function circuitConfig(config: BreakerConfig): CircuitConfig {
  const { slowRate, slowOverMs: _, ...rest } = config;
  // (JSON has no Infinity.)
  return { ...rest, slowRate: slowRate === Infinity ? 2 : slowRate };
}
