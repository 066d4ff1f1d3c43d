import { invalid } from "../../core/validation.js";
import type { RawQuery } from "./types.js";

const NO_PARAMS: Readonly<Record<string, string>> = Object.freeze({});

/**
 * The parameters of a path, decoded.
 *
 * @throws {KeelsonError} `validation` when the percent-encoding is broken
 */
export function pathParams(names: readonly string[], values: readonly string[]): Readonly<Record<string, string>> {
  if (names.length === 0) return NO_PARAMS;
  const params: Record<string, string> = {};
  for (const [index, name] of names.entries()) {
    const value = values[index] ?? "";
    try {
      params[name] = value.includes("%") ? decodeURIComponent(value) : value;
    } catch {
      throw invalid([{ in: "params", pointer: `/${name}`, message: "The percent-encoding is broken" }]);
    }
  }
  return params;
}

/**
 * A query, or a form's body, as an object: text by name, and a list where a name is there several times. It has no
 * prototype, so that no name can reach one.
 */
export function queryRecord(text: string): RawQuery {
  const record: Record<string, string | string[]> = Object.create(null);
  if (text === "") return record;
  for (const [name, value] of new URLSearchParams(text)) {
    const known = record[name];
    if (known === undefined) record[name] = value;
    else if (typeof known === "string") record[name] = [known, value];
    else known.push(value);
  }
  return record;
}
