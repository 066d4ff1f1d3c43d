import { isDeepStrictEqual } from "node:util";
import type { Answered } from "../http/exchange.js";
import type { Expectation, JsonMatch, StatusMatch, TextMatch } from "./expectation.js";
import { valuesAt } from "./json-path.js";

/** One thing that an answer should have been and wasn't. */
export interface Miss {
  /** `status`, `header content-type`, `json $.id`, `body`, `within`, `tlsDaysLeft`. */
  readonly what: string;
  readonly observed: string | number | null;
  readonly expected: string | number;
}

const DAY_MS = 86_400_000;

/** What is wrong with an answer, by what is expected; nothing when all of it holds. */
export function misses(answer: Answered, expected: Expectation, now: Date): Miss[] {
  const found: Miss[] = [];
  const miss = (what: string, observed: Miss["observed"], wanted: Miss["expected"]) =>
    void found.push({ what, observed, expected: wanted });

  if (!statusFits(answer.status, expected.status)) miss("status", answer.status, statusText(expected.status));
  for (const [name, match] of Object.entries(expected.headers ?? {})) {
    const value = answer.headers[name.toLowerCase()];
    if (!textFits(value, match)) miss(`header ${name}`, value ?? null, matchText(match));
  }
  if (expected.body !== undefined && !textFits(answer.text(), expected.body))
    miss("body", cut(answer.text()), matchText(expected.body));
  for (const [path, match] of Object.entries(expected.json ?? {})) {
    const document = parsed(answer.text());
    if (document === undefined) {
      miss(`json ${path}`, cut(answer.text()), "a JSON body");
      continue;
    }
    const values = valuesAt(path, document.value);
    if (!jsonFits(values, match)) miss(`json ${path}`, cut(JSON.stringify(values)), matchText(match));
  }
  if (expected.within !== undefined && answer.ms > expected.within)
    miss("within", Math.round(answer.ms), `${expected.within} ms`);
  if (expected.tlsDaysLeft !== undefined) {
    const days = answer.certificateEnds === null ? null : (answer.certificateEnds.getTime() - now.getTime()) / DAY_MS;
    if (days === null || days < expected.tlsDaysLeft)
      miss("tlsDaysLeft", days === null ? "no TLS" : Math.floor(days), expected.tlsDaysLeft);
  }
  return found;
}

/** A sentence of what was missed: `status: got 500, expected 401`. */
export function missText({ what, observed, expected }: Miss): string {
  return `${what}: got ${observed ?? "nothing"}, expected ${expected}`;
}

/** Whether a status is as expected; without expectation, whether it is below 400. */
export function statusFits(status: number, expected: Expectation["status"]): boolean {
  if (expected === undefined) return status < 400;
  const list: readonly StatusMatch[] = Array.isArray(expected) ? expected : [expected];
  return list.some((one) => (typeof one === "number" ? one === status : one[0] === String(status)[0]));
}

function statusText(expected: Expectation["status"]): string {
  return expected === undefined ? "below 400" : Array.isArray(expected) ? expected.join(" or ") : String(expected);
}

function textFits(value: string | undefined, match: TextMatch): boolean {
  if (typeof match === "string") return value === match;
  if (match.exists !== undefined && (value !== undefined) !== match.exists) return false;
  if (value === undefined) return match.exists === false;
  return (
    (match.equals === undefined || value === match.equals) &&
    (match.contains === undefined || value.includes(match.contains)) &&
    (match.matches === undefined || new RegExp(match.matches, "u").test(value))
  );
}

function jsonFits(values: readonly unknown[], match: JsonMatch): boolean {
  if (typeof match !== "object" || match === null) return values.some((value) => value === match);
  if (match.exists !== undefined && values.length > 0 !== match.exists) return false;
  if (values.length === 0) return match.exists === false;
  return values.some(
    (value) =>
      (!("equals" in match) || isDeepStrictEqual(value, match.equals)) &&
      (match.contains === undefined || contains(value, match.contains)) &&
      (match.matches === undefined || (typeof value === "string" && new RegExp(match.matches, "u").test(value))) &&
      (match.min === undefined || (typeof value === "number" && value >= match.min)) &&
      (match.max === undefined || (typeof value === "number" && value <= match.max)) &&
      (match.type === undefined || typeName(value) === match.type),
  );
}

function contains(value: unknown, part: unknown): boolean {
  if (typeof value === "string") return typeof part === "string" && value.includes(part);
  return Array.isArray(value) && value.includes(part);
}

function typeName(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
}

function matchText(match: TextMatch | JsonMatch): string {
  if (typeof match !== "object" || match === null) return JSON.stringify(match);
  return Object.entries(match)
    .map(([how, what]) => `${how} ${JSON.stringify(what)}`)
    .join(", ");
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

function cut(text: string | undefined): string {
  const whole = text ?? "";
  return whole.length > 200 ? `${whole.slice(0, 197)}...` : whole;
}
