import type * as core from "../../core/levers.js";

/** A kind of lever that can be pulled, as the page offers it. Over the wire its name is any text. */
export type LeverKind = Omit<core.Lever, "lever"> & { readonly lever: string };
export type { LeverArg } from "../../core/levers.js";

/** A lever that somebody pulled. */
export type LeverEntry = Omit<core.LeverEntry, "lever"> & { readonly lever: string };

/** One line of the audit log. What else a kit records of it is shown as it is. */
export type AuditEntry = object;

/** See {@link OperatorLevers.pull}. */
export type LeverPull = Omit<core.LeverPull, "lever"> & { readonly lever: string };

/** What the operator page asks of a kit's levers: `kit.levers` says itself what it doesn't know. */
export interface OperatorLevers {
  catalogue(): readonly LeverKind[];
  pull(pull: LeverPull): Promise<LeverEntry>;
  release(id: string, why: { readonly by: string; readonly reason: string }): Promise<LeverEntry>;
  active(): Promise<readonly LeverEntry[]>;
  audit(options: { readonly limit?: number }): Promise<readonly AuditEntry[]>;
}

/** A kit's levers, as they are asked over the wire: which there are is theirs to check, and they do. */
export function leversOf(kit: { readonly levers: unknown }): OperatorLevers {
  return kit.levers as OperatorLevers;
}
