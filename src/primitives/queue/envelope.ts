import type { Context, Priority } from "../../core/context.js";

/**
 * The version of the envelope that this release writes. It reads this one and the one before. There is none before 1.
 */
export const ENVELOPE = 1;
const OLDEST = 1;

/** What travels with a job's input. The deadline travels beside it: the store itself goes by it. */
export interface Envelope {
  readonly v: number;
  /** The service that enqueued it. */
  readonly from?: string;
  readonly trace?: string;
  /** The span that it was enqueued in. */
  readonly span?: string;
  readonly tenant?: string;
  readonly principal?: string;
  readonly priority?: Priority;
  /** Left out where it is `undefined`. */
  readonly input?: unknown;
}

/**
 * Puts an input into its envelope.
 *
 * @param input as JSON; `undefined` where there is none
 */
export function seal(from: string, input: string | undefined, context: Context | undefined): string {
  const head: Envelope =
    context === undefined
      ? { v: ENVELOPE, from }
      : {
          v: ENVELOPE,
          from,
          ...(context.traceId !== undefined && { trace: context.traceId }),
          ...(context.spanId !== undefined && { span: context.spanId }),
          ...(context.tenant !== undefined && { tenant: context.tenant }),
          ...(context.principal !== undefined && { principal: context.principal }),
          ...(context.priority !== undefined && { priority: context.priority }),
        };
  const text = JSON.stringify(head);
  return input === undefined ? text : `${text.slice(0, -1)},"input":${input}}`;
}

/** Reads an envelope. `newer`: of a version that this release doesn't know yet; `unreadable`: no envelope at all. */
export function open(payload: string): Envelope | "newer" | "unreadable" {
  let read: unknown;
  try {
    read = JSON.parse(payload);
  } catch {
    return "unreadable";
  }
  const { v } = (typeof read === "object" && read !== null ? read : {}) as Partial<Envelope>;
  if (!Number.isInteger(v) || (v as number) < OLDEST) return "unreadable";
  return (v as number) > ENVELOPE ? "newer" : (read as Envelope);
}
