import type { Duration } from "../../core/duration.js";

/** A kind of lever that can be pulled, as the page offers it. */
export interface LeverKind {
  /** `breaker.isolate`, `queue.pause`, … */
  readonly lever: string;
  /** What it does, in a sentence. */
  readonly describe: string;
  /** What it can be pulled on now. */
  readonly targets: readonly string[];
  /** Whether it stays pulled until it is released or expires; otherwise it is done at once, and can't be taken back. */
  readonly lasting: boolean;
  readonly args: readonly LeverArg[];
}

/** What a lever has to be told beside its target. */
export interface LeverArg {
  readonly name: string;
  readonly kind: "number" | "text" | "duration";
  readonly required: boolean;
  readonly describe: string;
}

/** A lever that somebody pulled. */
export interface LeverEntry {
  readonly id: string;
  readonly lever: string;
  readonly target: string;
  readonly args: Readonly<Record<string, string | number>>;
  readonly by: string;
  readonly reason: string;
  /** Unix milliseconds. */
  readonly at: number;
  /** Unix milliseconds; `null`: it stays until it is released. */
  readonly expiresAt: number | null;
  readonly released?: { readonly by: string; readonly reason: string; readonly at: number };
}

/** One line of the audit log. What else a kit records of it is shown as it is. */
export type AuditEntry = object;

/** See {@link OperatorLevers.pull}. */
export interface LeverPull {
  readonly lever: string;
  readonly target: string;
  readonly args?: Readonly<Record<string, string | number>>;
  /** Who pulls it: what `auth` found. */
  readonly by: string;
  readonly reason: string;
  readonly expiresIn?: Duration;
}

/** What the operator page asks of a kit's levers. */
export interface OperatorLevers {
  catalogue(): readonly LeverKind[];
  pull(pull: LeverPull): Promise<LeverEntry>;
  release(id: string, why: { readonly by: string; readonly reason: string }): Promise<LeverEntry>;
  active(): Promise<readonly LeverEntry[]>;
  audit(options: { readonly limit?: number }): Promise<readonly AuditEntry[]>;
}

/** The levers of a kit; `undefined` where it has none. */
export function leversOf(kit: object): OperatorLevers | undefined {
  const { levers } = kit as { readonly levers?: OperatorLevers };
  return typeof levers?.pull === "function" ? levers : undefined;
}
