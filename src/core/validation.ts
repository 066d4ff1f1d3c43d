import type { StandardSchemaV1 } from "@standard-schema/spec";
import { type Issue, KeelsonError } from "./errors.js";
import type { MaybePromise } from "./store.js";

/** An error lists at most this many issues; its detail says how many there were. */
export const MAX_ISSUES = 20;
const MAX_MESSAGE = 200;
const MAX_POINTER = 256;

/**
 * Checks a value with any Standard Schema (https://standardschema.dev): zod, valibot, arktype. A schema that answers
 * at once is answered at once: there is a promise only where the schema gives one.
 *
 * @param part which part of the input this is: `body`, `query`, `params`, `headers`, `args`, `result`
 * @returns what the schema makes of the value
 * @throws {KeelsonError} `validation` with {@link MAX_ISSUES} issues at most. They name where and what, never the
 * value that was given.
 */
export function validate<S extends StandardSchemaV1>(
  schema: S,
  value: unknown,
  part: Issue["in"],
): MaybePromise<StandardSchemaV1.InferOutput<S>> {
  const result = schema["~standard"].validate(value) as MaybePromise<
    StandardSchemaV1.Result<StandardSchemaV1.InferOutput<S>>
  >;
  return "then" in result ? result.then((settled) => accepted(settled, value, part)) : accepted(result, value, part);
}

function accepted<T>(result: StandardSchemaV1.Result<T>, value: unknown, part: string): T {
  if (!result.issues) return result.value;
  throw invalid(
    result.issues.slice(0, MAX_ISSUES).map((issue) => toIssue(issue, value, part)),
    result.issues.length,
  );
}

/** The error for an input with these issues; `total` says how many there were before the list was cut. */
export function invalid(issues: readonly Issue[], total: number = issues.length): KeelsonError {
  const [first] = issues;
  const message = first === undefined ? "not valid" : `${first.in}${first.pointer}: ${first.message}`;
  return new KeelsonError(
    "validation",
    total > 1 ? `${message} (and ${total - 1} more)` : message,
    total > issues.length ? { issues, detail: `${total} issues; the first ${issues.length} are listed` } : { issues },
  );
}

function toIssue(issue: StandardSchemaV1.Issue, value: unknown, part: string): Issue {
  let at: unknown = value;
  let pointer = "";
  let whole = true;
  for (const segment of issue.path ?? []) {
    const key = typeof segment === "object" ? segment.key : segment;
    const next = pointer + jsonPointer([key]);
    // Keys are the sender's too and may be of any length: past the limit the pointer stays at the parent.
    whole &&= next.length <= MAX_POINTER;
    if (whole) pointer = next;
    at = typeof at === "object" && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined;
  }
  return { in: part, pointer, message: clipped(withoutValue(issue.message, at)) };
}

/** The JSON Pointer (RFC 6901) of a path: `["a/b", 0]` → `/a~1b/0`. The empty path is `""`, the whole. */
export function jsonPointer(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/**
 * Some libraries end their messages with what they were given (valibot: `but received "x"`, arktype: `(was "x")`),
 * and an author's own message may do so anywhere. A value may be a password: it is taken out.
 */
export function withoutValue(message: string, value: unknown): string {
  const said = message.replace(/ (?:\(was .*\)|but received .*)$/s, "");
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "bigint") return said;
  const text = String(value);
  // A short value is only looked for in quotes: "a" is in every sentence.
  return text.length < 4
    ? ['"', "'", "`"].reduce((left, quote) => left.replaceAll(quote + text + quote, `${quote}…${quote}`), said)
    : said.replaceAll(text, "…");
}

function clipped(message: string): string {
  return message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE - 1)}…` : message;
}
