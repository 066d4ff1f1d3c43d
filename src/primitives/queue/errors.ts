import { type ErrorCode, type ErrorDetails, isKeelsonError, KeelsonError, taxonomy } from "../../core/errors.js";
import type { JobEnd } from "../../core/jobs.js";

/** When to come back to a queue that is full: soon, for workers make room all the time. */
const SATURATED_RETRY_MS = 1_000;

/** A job was refused, for as many of its kind as may be are queued. Nothing was enqueued. */
export class QueueSaturatedError extends KeelsonError {
  override readonly name = "QueueSaturatedError";

  constructor(
    queue: string,
    /** The job's kind. */
    readonly tool: string,
    /** How many are queued or delayed. */
    readonly depth: number,
    /** How many may be. */
    readonly limit: number,
    status: number,
  ) {
    super("queue_saturated", `queue(${JSON.stringify(queue)}): ${depth} of ${limit} ${tool} jobs are queued`, {
      status,
      retryAfterMs: SATURATED_RETRY_MS,
      source: `queue:${queue}`,
    });
  }
}

/** A job that was waited for gave no result. Its cause is how the last attempt failed, where one did. */
export class JobError extends KeelsonError {
  override readonly name = "JobError";

  constructor(
    code: Extract<ErrorCode, `job_${string}`>,
    message: string,
    /** The job's id: it can be looked at, or waited for again. */
    readonly jobId: string,
    /** The job's kind. */
    readonly tool: string,
    /** How it ended; `undefined` where it hasn't, or where that isn't known any more. */
    readonly state: JobEnd | undefined,
    details: ErrorDetails,
  ) {
    super(code, message, details);
  }
}

/** How an attempt failed, as a job keeps it. */
export interface JobFailure {
  readonly message: string;
  /** The class of the error. */
  readonly name?: string;
  /** Of a {@link KeelsonError}. */
  readonly code?: ErrorCode;
}

const MOST_MESSAGE = 1_000;

/** An error as it is kept with its job: what is told to operators, never a stack. */
export function failureText(thrown: unknown): string {
  let message = "something unreadable was thrown";
  let name: string | undefined;
  let code: ErrorCode | undefined;
  try {
    if (isKeelsonError(thrown)) code = thrown.code;
    if (thrown instanceof Error) name = String(thrown.name);
    message = thrown instanceof Error ? String(thrown.message) : `not an Error: ${String(thrown)}`;
  } catch {
    // A getter or a toString that throws: there is no more to learn.
  }
  if (message.length > MOST_MESSAGE) message = `${message.slice(0, MOST_MESSAGE - 1)}…`;
  return JSON.stringify({ message, name, code } satisfies { [K in keyof JobFailure]: JobFailure[K] | undefined });
}

/** Reads what {@link failureText} wrote; what a store wrote itself is a message. */
export function failureOf(text: string): JobFailure {
  if (text.startsWith("{")) {
    try {
      const { message, name, code } = JSON.parse(text) as Partial<JobFailure>;
      if (typeof message === "string")
        return {
          message,
          ...(typeof name === "string" && { name }),
          ...(typeof code === "string" && Object.hasOwn(taxonomy, code) && { code }),
        };
    } catch {
      // It only looked like one.
    }
  }
  return { message: text };
}

/** The failure of an attempt as an error. */
export function failureError({ message, name, code }: JobFailure): Error {
  if (code !== undefined) return new KeelsonError(code, message);
  const error = new Error(message);
  if (name !== undefined) error.name = name;
  return error;
}
