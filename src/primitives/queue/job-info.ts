import type { JobRecord } from "../../core/jobs.js";
import { type Envelope, open } from "./envelope.js";
import { failureOf, type JobFailure } from "./errors.js";
import { resultOf } from "./outcome.js";

/** A job as it stands. Times are those of the store's clock, Unix milliseconds; 0: not yet, or none. */
export interface JobInfo extends Omit<JobRecord, "payload" | "result" | "error"> {
  /** As it was enqueued; `undefined` also where it can't be read. */
  readonly input: unknown;
  /** The service that enqueued it. */
  readonly from: string | undefined;
  readonly traceId: string | undefined;
  readonly tenant: string | undefined;
  readonly result: unknown;
  /** How the last attempt failed. */
  readonly error: JobFailure | undefined;
}

/** Reads a store's record. */
export function jobInfo({ payload, result, error, ...rest }: JobRecord): JobInfo {
  const opened = open(payload);
  const { input, from, trace, tenant }: Partial<Envelope> = typeof opened === "string" ? {} : opened;
  return {
    ...rest,
    input,
    from,
    traceId: trace,
    tenant,
    result: resultOf(result),
    error: error === null ? undefined : failureOf(error),
  };
}
