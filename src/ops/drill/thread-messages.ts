import type { Target } from "../config/request.js";
import type { Scenario, Stage } from "../config/scenario.js";
import type { Batch } from "./batch.js";
import type { RunResult } from "./run.js";
import type { Share } from "./share.js";

/** A lane as it can be handed to another thread: without its payload generator, for functions can't. */
export interface PostedLane {
  readonly name: string;
  readonly scenarioName: string;
  readonly scenario: Omit<Scenario, "payload">;
  readonly target: Target;
  readonly weight: number;
  /** Whether the configuration's file has a generator of payloads for it. */
  readonly hasPayload: boolean;
}

/** What a thread is started with. */
export interface ThreadOrders {
  readonly lanes: readonly PostedLane[];
  readonly stages: readonly Stage[];
  readonly seed: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly file: string;
  readonly share: Share;
}

/** To a thread. `at`: when to begin, in Unix milliseconds with fractions, as `performance` has them. */
export type ToThread = { readonly kind: "go"; readonly at: number } | { readonly kind: "abort" };

/** From a thread. */
export type FromThread =
  | { readonly kind: "ready" }
  | { readonly kind: "batch"; readonly batch: Batch }
  | { readonly kind: "done"; readonly result: RunResult }
  /** `usage`: something that was given can't be used. */
  | { readonly kind: "failed"; readonly message: string; readonly usage: boolean };
