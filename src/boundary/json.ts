import { KeelsonError } from "../core/errors.js";
import { invalid } from "../core/validation.js";
import { jsonFault } from "./json-fault.js";

/** Deeper than any body written by hand, far from what a recursive schema could trip over. */
export const DEFAULT_MAX_DEPTH = 32;

/** What {@link parseJson} can be told. */
export interface ParseJsonOptions {
  /** How many arrays and objects may lie within each other. Default {@link DEFAULT_MAX_DEPTH}. */
  readonly maxDepth?: number;
  /** What issues call this input. Default `body`. */
  readonly part?: string;
}

// fatal: a body that is not UTF-8 is refused, not mended. A leading byte order mark is skipped (RFC 8259, section 8.1).
const utf8 = /* @__PURE__ */ new TextDecoder("utf-8", { fatal: true });

/**
 * Parses JSON that comes from outside. Of a key that is there twice the last one counts, as in `JSON.parse`.
 *
 * @throws {KeelsonError} `invalid_json` where it is not JSON (the detail says where, and repeats nothing of the input)
 * or not UTF-8; `validation` where it nests too deep or has a key `__proto__`, which is refused and not dropped: no
 * honest sender has one, and merged into an object it would change its prototype
 */
export function parseJson(input: string | Uint8Array, options: ParseJsonOptions = {}): unknown {
  const { maxDepth = DEFAULT_MAX_DEPTH, part = "body" } = options;
  let text: string;
  if (typeof input === "string") text = input.charCodeAt(0) === 0xfeff ? input.slice(1) : input;
  else {
    try {
      text = utf8.decode(input);
    } catch (cause) {
      throw new KeelsonError("invalid_json", "Not UTF-8", { cause, detail: "The body is not UTF-8" });
    }
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Not kept as the cause: V8's message holds a piece of the input.
    const detail = jsonFault(text);
    throw new KeelsonError("invalid_json", detail, { detail });
  }
  // After parsing, which is not recursive in any engine: walking the value costs a third of scanning the text. And a
  // text has to be long enough, two characters for each level.
  if (text.length > 2 * maxDepth && nestsDeeper(value, maxDepth)) throw tooDeep(maxDepth, part);
  // The key may be written with escapes, `"\u005f_proto__"`: then the text has an escaped underscore or letter.
  if (/__proto__|\\u00[5-7]/i.test(text) && hasPrototypeKey(value))
    throw invalid([{ in: part, pointer: "", message: 'The key "__proto__" is not accepted' }]);
  return value;
}

/** The error for an input with more levels than are allowed. */
export function tooDeep(maxDepth: number, part: string): KeelsonError {
  return invalid([{ in: part, pointer: "", message: `Nested deeper than ${maxDepth} levels` }]);
}

/** Whether arrays and objects lie more than `max` deep within each other. */
function nestsDeeper(value: unknown, max: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (max === 0) return true;
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === "object" && nestsDeeper(item, max - 1)) return true;
  } else {
    for (const key in value) {
      const item = (value as Record<string, unknown>)[key];
      if (typeof item === "object" && nestsDeeper(item, max - 1)) return true;
    }
  }
  return false;
}

/** Recursive: the depth is known to be within bounds. */
function hasPrototypeKey(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Object.hasOwn(value, "__proto__") || Object.values(value).some(hasPrototypeKey);
}
