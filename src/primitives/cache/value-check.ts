import type { StandardSchemaV1 } from "@standard-schema/spec";
import { KeelsonError } from "../../core/errors.js";

/** Hands on what a schema makes of a value; throws with this code when it doesn't match. */
export type Checker<V> = (value: V, code: "internal" | "upstream_failed") => V;

/** Makes the check of a cache's values; without a schema it lets all of them pass. */
export function checker<V>(name: string, schema: StandardSchemaV1<unknown, V> | undefined): Checker<V> {
  if (schema === undefined) return (value) => value;
  return (value, code) => {
    if (value === undefined) return value;
    const result = schema["~standard"].validate(value);
    if (result instanceof Promise) throw new TypeError(`cache("${name}").value: the schema is asynchronous`);
    if (result.issues === undefined) return result.value;
    throw new KeelsonError(code, `cache("${name}"): the value does not match its schema`, {
      cause: result.issues,
      source: `cache:${name}`,
    });
  };
}
