import type { LeverArg, LeverArgs, LeverName } from "../../core/levers.js";
import type { MaybePromise } from "../../core/store.js";

/** How one lever acts upon what a kit has. */
export interface Control {
  readonly lever: LeverName;
  readonly describe: string;
  /** Whether it has an expiry and can be taken back. */
  readonly lasting: boolean;
  readonly args: readonly LeverArg[];
  targets(): readonly string[];
  /**
   * Whether these arguments will do, beyond being there.
   *
   * @throws {ConfigError} when they won't
   */
  check?(target: string, args: LeverArgs): void;
  /**
   * What is done once for all processes, in the store. Answers to how many things, where it counts some. Done twice, it
   * does no harm.
   *
   * @param ms how long it is to last; 0 for what acts once
   */
  once?(target: string, args: LeverArgs, ms: number): Promise<number | undefined>;
  /** Takes that back. Done twice, it does no harm. */
  undoOnce?(target: string, args: LeverArgs): Promise<void>;
  /** What is done in each process; where there is a {@link once}, in each but the one that did that. */
  here?(target: string, args: LeverArgs): MaybePromise<void>;
  /** Takes that back. */
  undoHere?(target: string, args: LeverArgs): void;
}

/** A target of a control with what is behind it. */
export class Targets<T> {
  readonly #all: () => Iterable<readonly [string, T]>;

  constructor(all: () => Iterable<readonly [string, T]>) {
    this.#all = all;
  }

  names(): string[] {
    return [...this.#all()].map(([name]) => name).sort();
  }

  /** @throws {TypeError} when there is none of that name: whoever asks has looked */
  get(name: string): T {
    for (const [known, target] of this.#all()) if (known === name) return target;
    throw new TypeError(`there is no ${name} to pull a lever on`);
  }
}
