import { compile, JSONPathError, type JSONValue, query } from "json-p3";

/** Whether it is a path by RFC 9535. */
export function isJsonPath(path: string): boolean {
  try {
    compile(path);
    return true;
  } catch (error) {
    if (error instanceof JSONPathError) return false;
    throw error;
  }
}

/** All values at a path, in the order of the document. */
export function valuesAt(path: string, value: unknown): unknown[] {
  return query(path, value as JSONValue).values();
}
