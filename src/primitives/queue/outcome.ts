import { isKeelsonError, KeelsonError } from "../../core/errors.js";
import type { Finish } from "../../core/jobs.js";
import type { MaybePromise } from "../../core/store.js";
import { longer } from "../../core/utf8.js";
import { validate } from "../../core/validation.js";
import { backoff } from "../retry/backoff.js";
import { failureText } from "./errors.js";
import type { ToolConfig } from "./options.js";
import type { Tool } from "./tool.js";

/** What a claim says of a job that counts for how it ends. */
export interface Held {
  readonly id: string;
  readonly fence: number;
  readonly attempt: number;
  readonly attempts: number;
}

/** Categories of errors that no other attempt can help: what is asked for is wrong, and stays so. */
const FINAL = new Set<string>(["validation", "auth", "not_found", "conflict"]);

/** A result that is no JSON: the handler's own error, and the same the next time. */
class ResultError extends KeelsonError {}

/**
 * A result as JSON, checked by the job's schema. `""` is `undefined`.
 *
 * @throws {KeelsonError} `internal` when it is no JSON, is too large, or doesn't match its schema
 */
export function resultText(tool: Tool, { maxResult }: ToolConfig, result: unknown): MaybePromise<string> {
  let text: string | undefined;
  let cause: unknown;
  try {
    text = result === undefined ? "" : JSON.stringify(result);
  } catch (error) {
    cause = error;
  }
  if (text === undefined)
    throw new ResultError("internal", `${tool.name}: the result can't be written as JSON`, { cause });
  if (longer(text, maxResult))
    throw new ResultError("internal", `${tool.name}: the result has more than ${maxResult} bytes`);
  const { output } = tool.options;
  if (output === undefined) return text;
  const written = text;
  const refused = (error: unknown): never => {
    throw new ResultError("internal", `${tool.name}: the result does not match its schema`, { cause: error });
  };
  try {
    // What is checked is what will be read: a Date has become a string by then.
    const checked = validate(output, resultOf(written), "result");
    return checked instanceof Promise ? checked.then(() => written, refused) : written;
  } catch (error) {
    return refused(error);
  }
}

/** Reads what {@link resultText} wrote. */
export function resultOf(text: string | null | undefined): unknown {
  return text === "" || text === null || text === undefined ? undefined : JSON.parse(text);
}

/** How a run that went wrong ends: another attempt after some time, or none. */
export function failed(
  held: Held,
  tool: Tool,
  { retryBaseMs, retryCapMs }: ToolConfig,
  thrown: unknown,
  random: () => number,
): Finish {
  const { id, fence, attempt } = held;
  let again: boolean;
  let error = thrown;
  try {
    again =
      !(thrown instanceof ResultError) &&
      (tool.options.retryIf?.(thrown, attempt) ?? !(isKeelsonError(thrown) && FINAL.has(thrown.category)));
  } catch (wrong) {
    // The option's own error, or a thrown value that can't be looked at: what counts is that the job failed.
    again = true;
    error = new AggregateError([wrong, thrown], `${tool.name}: whether to try again could not be told`);
  }
  const text = failureText(error);
  if (!again) return { id, fence, kind: "failed", error: text };
  const delayMs = backoff("full", retryBaseMs, retryCapMs, attempt, 0, random);
  return { id, fence, kind: "retry", delayMs, error: text };
}
