import type { Deadlines } from "../../core/deadlines.js";
import type { Runtime } from "../../core/runtime.js";
import type { MaybePromise } from "../../core/store.js";
import type { ActiveCall } from "./call.js";
import type { ClientOf } from "./client.js";
import type { Outgoing } from "./incoming.js";

/**
 * Lets a call go on, or throws why not. Answers at once where it can: a promise is only returned where there is
 * something to wait for.
 */
export type Guard = (call: ActiveCall) => MaybePromise<undefined>;

/** The last stage: what answers a call that passed every guard. */
export type Serve = (call: ActiveCall) => MaybePromise<Outgoing>;

/** What an endpoint's options come to: worked out once, read by every call. */
export interface Plan {
  readonly rt: Runtime;
  readonly name: string;
  readonly paramNames: readonly string[];
  readonly clientOf: ClientOf;
  /** How long handlers may take, where that is limited. */
  readonly timeouts: Deadlines | undefined;
  readonly challenge: string;
}
