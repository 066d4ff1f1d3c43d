import type { Kernel } from "../../core/kernel.js";

/** What is asked of a namespace's cell. */
export interface NamespaceInput {
  /** `look` leaves everything as it is, and answers 0 where there is none. */
  readonly op: "look" | "read" | "bump";
  /** A random whole number of up to 48 bits, for an epoch that has to be made. */
  readonly nonce: number;
}

/** The version of a namespace. */
export interface NamespaceDecision {
  /** Equal only for what was cached since the last bump. */
  readonly epoch: number;
}

/** How long a namespace that nobody reads is remembered. */
export interface NamespaceConfig {
  readonly keepMs: number;
}

/**
 * The version that a cache's namespace has in all processes: bumping it makes everything cached before count as gone.
 * Epochs are random, so that one which was lost never comes back: what was cached under it stays gone.
 *
 * State: `[epoch]`. Reading renews its time, so a namespace in use keeps its epoch.
 */
export const namespaceKernel: Kernel<readonly number[], NamespaceConfig, NamespaceInput, NamespaceDecision> = {
  name: "namespace",
  version: 1,
  width: 1,
  renews: true,
  step(state, _now, { keepMs }, { op, nonce }) {
    const known = state?.[0];
    if (op === "look") return { granted: true, state: undefined, ttlMs: 0, decision: { epoch: known ?? 0 } };
    const epoch = known === undefined || op === "bump" ? (nonce === known ? nonce + 1 : nonce) : known;
    return { granted: true, state: [epoch], ttlMs: keepMs, decision: { epoch } };
  },
};
