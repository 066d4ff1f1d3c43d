/** What the tests of limiters share. */
import type { EventMap } from "../../core/events.js";
import type { Kernel } from "../../core/kernel.js";
import { type KnobSource, type Runtime, runtime } from "../../core/runtime.js";
import {
  type CellStep,
  type Cells,
  type MaybePromise,
  type Outcome,
  type Store,
  type StoreCall,
  StoreFailure,
  type StoreStats,
} from "../../core/store.js";
import { memoryStore } from "../../stores/memory/memory-store.js";
import { ManualClock } from "../../testing/manual-clock.js";

/** How a {@link TroubledStore} answers. */
export type Trouble = "none" | "rejects" | "throws" | StoreFailure;

/** A store that answers late, fails or breaks as it is told; what it decides, a memory store decides. */
export class TroubledStore implements Store<"act", undefined> {
  readonly capability = "act";
  readonly ctx = undefined;
  readonly kind = "troubled";
  trouble: Trouble = "none";
  /** Milliseconds that it takes to answer. `undefined`: it answers at once. */
  takesMs: number | undefined = undefined;
  /** Whether cells lie together. */
  near = true;
  /** What it was asked, in order. */
  readonly calls: (StoreCall | undefined)[] = [];
  readonly #inner;
  readonly #clock: ManualClock;

  constructor(clock: ManualClock) {
    this.#clock = clock;
    this.#inner = memoryStore({ clock });
  }

  open<S, Config, Input, D extends object>(
    kernel: Kernel<S, Config, Input, D>,
    space: string,
  ): Cells<Config, Input, D> {
    const cells = this.#inner.open(kernel, space);
    return {
      step: (key, config, input, call) => this.#answer(call, () => cells.step(key, config, input) as Outcome<D>),
      with: (key, config, input) => cells.with(key, config, input),
    };
  }

  together(): boolean {
    return this.near;
  }

  stepAll<D extends object>(steps: readonly CellStep<D>[], call?: StoreCall): MaybePromise<Outcome<readonly D[]>> {
    return this.#answer(call, () => this.#inner.stepAll(steps));
  }

  stats(): StoreStats {
    return this.#inner.stats();
  }

  close(): void {
    this.#inner.close();
  }

  #answer<D extends object>(call: StoreCall | undefined, decide: () => Outcome<D>): MaybePromise<Outcome<D>> {
    this.calls.push(call);
    const { trouble, takesMs } = this;
    if (trouble === "throws") throw new Error("broken");
    const answer = () => (trouble instanceof StoreFailure ? trouble : decide());
    if (takesMs === undefined && trouble !== "rejects") return answer();
    return new Promise((resolve, reject) => {
      this.#clock.alarm(
        takesMs ?? 0,
        () => (trouble === "rejects" ? reject(new Error("broken")) : resolve(answer())),
        "held",
      );
    });
  }
}

/** A runtime on a troubled store, and what it told. */
export function troubled(knobs?: KnobSource) {
  const clock = new ManualClock();
  const store = new TroubledStore(clock);
  const rt: Runtime = runtime({ clock, store, ...(knobs !== undefined && { knobs }) });
  const decisions: EventMap["limiter.decision"][] = [];
  const failures: EventMap["store.failure"][] = [];
  rt.events.on("store.failure", (event) => void failures.push(event));
  /** Promises of a limiter, settled by letting the time pass that the store takes. */
  const answered = async <T>(pending: MaybePromise<T>, ms = store.takesMs ?? 0): Promise<T> => {
    await clock.advance(ms);
    return pending;
  };
  return {
    clock,
    store,
    rt,
    failures,
    answered,
    /** Decisions from now on, as events tell them. */
    listen: () => {
      rt.events.on("limiter.decision", (event) => void decisions.push(event));
      return decisions;
    },
  };
}
