import type { z } from "zod";

type Issue = z.core.$ZodIssue;

/** What is wrong with a value, a line each: `probes[0].steps[1].expect.status: got "ok"; expected number`. */
export function problemsOf(error: z.ZodError, value: unknown, within: readonly string[] = []): string[] {
  return error.issues.flatMap((issue) => lines(issue, value, within));
}

function lines(issue: Issue, root: unknown, before: readonly PropertyKey[]): string[] {
  const path = [...before, ...issue.path];
  const at = valueAt(root, issue.path);
  // Of a union, what comes closest is what was meant: the option that goes wrong deepest inside.
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    const [closest = []] = [...issue.errors].sort((a, b) => depth(b) - depth(a));
    if (depth(closest) > 0) return closest.flatMap((inner) => lines(inner, at, path));
    const wants = [...new Set(issue.errors.flatMap((option) => option.map(({ message }) => plain(message))))];
    return [`${pathText(path)}: got ${shown(at)}; ${wants.join(", or ")}`];
  }
  if (issue.code === "invalid_key") return issue.issues.map(({ message }) => `${pathText(path)}: ${plain(message)}`);
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => `${pathText([...path, key])}: there is no such setting`);
  return [`${pathText(path)}: got ${shown(at)}; ${plain(issue.message)}`];
}

function depth(issues: readonly Issue[]): number {
  return Math.max(0, ...issues.map(({ path }) => path.length));
}

/** Without zod's own words about what it received, which stand before it already. */
function plain(message: string): string {
  const text = message.replace(/^Invalid (?:input|option): /, "").replace(/, received .*$/, "");
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function pathText(path: readonly PropertyKey[]): string {
  const text = path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
  return text === "" ? "the whole" : text.replace(/^\./, "");
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | null | undefined)?.[key], root);
}

function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "function") return "a function";
  const json = JSON.stringify(value) ?? String(value);
  return json.length > 60 ? `${json.slice(0, 57)}...` : json;
}
