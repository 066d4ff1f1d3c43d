import { classify, type ErrorCode, KeelsonError, taxonomy } from "keelson";

/** An error within a stream whose status is sent already: the same fields as a problem response. */
export interface StreamProblem {
  readonly code: ErrorCode;
  readonly title: string;
  readonly retryAfterMs?: number;
}

/** What a reader of the stream may know of an error. */
export function streamProblem(thrown: unknown): StreamProblem {
  const { code, detail, retryAfterMs } = classify(thrown);
  return {
    code,
    title: detail ?? taxonomy[code].title,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

/** Another company would not do what it was asked, and would not the next time. */
export class Refused extends KeelsonError {
  constructor(source: string, status: number) {
    super("upstream_failed", `${source} refused: ${status}`, { source });
  }
}

/** Something another company answered that isn't what it has published. */
export function odd(source: string, what: string): KeelsonError {
  return new KeelsonError("upstream_failed", `${source}: ${what}`, { source });
}
