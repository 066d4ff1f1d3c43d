import type { MaybePromise } from "../../core/store.js";
import type { ActiveCall } from "./call.js";
import type { Outgoing } from "./incoming.js";

/**
 * Lets a call go on, or throws why not. Answers at once where it can: a promise is only returned where there is
 * something to wait for.
 */
export type Guard = (call: ActiveCall) => MaybePromise<undefined>;

/** The last stage: what answers a call that passed every guard. */
export type Serve = (call: ActiveCall) => MaybePromise<Outgoing>;
