import { isDeepStrictEqual } from "node:util";
import { valuesAt } from "../expect/json-path.js";
import type { Tolerance } from "./experiment.js";

/** A tolerance that needs nobody to be asked. */
export type PlainTolerance = Exclude<Tolerance, { readonly type: "probe" }>;

/** Whether a value is within a tolerance, and why not. */
export interface Judgement {
  readonly met: boolean;
  readonly reason?: string;
}

const MET: Judgement = { met: true };

/**
 * Judges the output of a probe as Chaos Toolkit does
 * (https://chaostoolkit.org/reference/api/experiment/#steady-state-probe-tolerance). What is easily taken for
 * something else: a list of two is a range only where the value is a number; a value that has a status (an HTTP answer, a
 * process) is judged by that, and then the list is of those allowed.
 *
 * Unlike there, `1` is not `true`, and a text is not searched for in what is none: that doesn't hold, and says so.
 */
export function judge(tolerance: PlainTolerance, output: unknown): Judgement {
  if (typeof tolerance !== "object") return equals(tolerance, numberLike(tolerance) ? statusOr(output) : output);
  if (Array.isArray(tolerance)) return amongst(tolerance, output);
  switch (tolerance.type) {
    case "regex":
      return matches(tolerance.pattern, part(output, tolerance.target));
    case "jsonpath":
      return found(tolerance, part(output, tolerance.target));
    case "range":
      return between(tolerance.range, part(output, tolerance.target));
  }
}

function equals(expected: unknown, value: unknown): Judgement {
  return isDeepStrictEqual(value, expected) ? MET : missed(value, shown(expected));
}

function amongst(list: readonly unknown[], output: unknown): Judgement {
  const value = statusOr(output);
  const isStatus = value !== output;
  const [low, high] = list;
  if (!isStatus && list.length === 2 && typeof low === "number" && typeof high === "number")
    return between([low, high], value);
  return list.some((one) => isDeepStrictEqual(one, value)) ? MET : missed(value, `one of ${shown(list)}`);
}

function between([low, high]: readonly [number, number], value: unknown): Judgement {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  const expected = `a number from ${low} to ${high}`;
  return typeof number === "number" && number >= low && number <= high ? MET : missed(value, expected);
}

function matches(pattern: string, value: unknown): Judgement {
  const expected = `a text that matches ${pattern}`;
  return typeof value === "string" && new RegExp(pattern, "u").test(value) ? MET : missed(value, expected);
}

function found(
  { path, expect, count }: Extract<PlainTolerance, { readonly type: "jsonpath" }>,
  value: unknown,
): Judgement {
  const values = valuesAt(path, parsed(value));
  if (count !== undefined && values.length !== count) return missed(values, `${count} values at ${path}`);
  if (expect === undefined)
    return count !== undefined || values.length > 0 ? MET : missed(values, `something at ${path}`);
  const wanted = Array.isArray(expect) ? expect : [expect];
  return isDeepStrictEqual(values, wanted) ? MET : missed(values, `${shown(wanted)} at ${path}`);
}

/** The status of what has one; anything else as it is. */
function statusOr(output: unknown): unknown {
  return typeof output === "object" && output !== null && "status" in output ? output.status : output;
}

/** A part by name; where there is none of that name, the whole. */
function part(output: unknown, target: string | undefined): unknown {
  if (target === undefined || typeof output !== "object" || output === null) return output;
  return Object.hasOwn(output, target) ? (output as Record<string, unknown>)[target] : output;
}

function parsed(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function numberLike(tolerance: unknown): tolerance is number {
  return typeof tolerance === "number";
}

function missed(value: unknown, expected: string): Judgement {
  return { met: false, reason: `got ${shown(value)}, expected ${expected}` };
}

function shown(value: unknown): string {
  const json = JSON.stringify(value) ?? String(value);
  return json.length > 200 ? `${json.slice(0, 197)}...` : json;
}
