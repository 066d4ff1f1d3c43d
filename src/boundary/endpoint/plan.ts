import type { Deadlines } from "../../core/deadlines.js";
import type { Runtime } from "../../core/runtime.js";
import type { ClientOf } from "./client.js";

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
