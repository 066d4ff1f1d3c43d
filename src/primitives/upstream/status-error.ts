import { KeelsonError } from "../../core/errors.js";

/**
 * An upstream answered with a status that counts as a failure, and there was no further attempt. For our own client it
 * is a 502: that an upstream is busy with us (429) is not the client's doing.
 */
export class UpstreamStatusError extends KeelsonError {
  /** What the upstream answered: status and headers. Its body was cancelled. */
  readonly response: Response;

  constructor(name: string, response: Response, retryAfterMs: number | undefined) {
    super("upstream_bad_status", `upstream "${name}" answered ${response.status}`, {
      source: `upstream:${name}`,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    });
    this.response = response;
  }
}
