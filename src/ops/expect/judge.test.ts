import { describe, expect, it } from "vitest";
import type { Answered } from "../http/exchange.js";
import { expectationSchema } from "./expectation.js";
import { misses, missText } from "./judge.js";

const NOW = new Date("2026-01-01T00:00:00Z");

function answer(parts: Partial<Answered> & { readonly json?: unknown } = {}): Answered {
  const text = parts.json === undefined ? "hello" : JSON.stringify(parts.json);
  return {
    kind: "answered",
    status: 200,
    headers: { "content-type": "text/plain" },
    body: new TextEncoder().encode(text),
    text: () => text,
    ms: 12,
    certificateEnds: null,
    ...parts,
  };
}

function judged(expected: unknown, given: Answered): string[] {
  return misses(given, expectationSchema.parse(expected), NOW).map(missText);
}

describe("an expectation", () => {
  const items = {
    items: [
      { id: 7, tags: ["a", "b"] },
      { id: 9, tags: [] },
    ],
    total: 2,
    next: null,
  };

  it.each([
    [{}, answer()],
    [{ status: 200 }, answer()],
    [{ status: [200, 204] }, answer({ status: 204 })],
    [{ status: "4xx" }, answer({ status: 404 })],
    [{ headers: { "Content-Type": "text/plain" } }, answer()],
    [{ headers: { "content-type": { contains: "plain" }, "x-other": { exists: false } } }, answer()],
    [{ body: { matches: "^h.*o$" } }, answer()],
    [{ json: { "$.items[0].id": 7, "$.total": { min: 1, max: 2 } } }, answer({ json: items })],
    [{ json: { "$.items[*].id": 9 } }, answer({ json: items })],
    [{ json: { "$.items[0].tags": { contains: "b", type: "array" }, "$.next": null } }, answer({ json: items })],
    [{ json: { "$.error": { exists: false }, "$.items[0].tags": { equals: ["a", "b"] } } }, answer({ json: items })],
    [{ within: "12ms" }, answer()],
    [{ tlsDaysLeft: 14 }, answer({ certificateEnds: new Date("2026-01-15T00:00:00Z") })],
  ])("%j holds", (expected, given) => {
    expect(judged(expected, given)).toEqual([]);
  });

  it.each([
    [{}, answer({ status: 500 }), "status: got 500, expected below 400"],
    [{ status: [200, "3xx"] }, answer({ status: 404 }), "status: got 404, expected 200 or 3xx"],
    [{ headers: { "x-id": { exists: true } } }, answer(), "header x-id: got nothing, expected exists true"],
    [{ headers: { "content-type": "text" } }, answer(), 'header content-type: got text/plain, expected "text"'],
    [{ body: "hell" }, answer(), 'body: got hello, expected "hell"'],
    [{ json: { "$.a": 1 } }, answer(), "json $.a: got hello, expected a JSON body"],
    [{ json: { "$.total": 3 } }, answer({ json: items }), "json $.total: got [2], expected 3"],
    [
      { json: { "$.total": { type: "string" } } },
      answer({ json: items }),
      'json $.total: got [2], expected type "string"',
    ],
    [{ json: { "$.total": { min: 3 } } }, answer({ json: items }), "json $.total: got [2], expected min 3"],
    [{ json: { "$.none": { equals: 1 } } }, answer({ json: items }), "json $.none: got [], expected equals 1"],
    [
      { json: { "$.items[0].tags": { contains: "c" } } },
      answer({ json: items }),
      'json $.items[0].tags: got [["a","b"]], expected contains "c"',
    ],
    [{ within: "11ms" }, answer(), "within: got 12, expected 11 ms"],
    [
      { tlsDaysLeft: 14 },
      answer({ certificateEnds: new Date("2026-01-14T23:59:00Z") }),
      "tlsDaysLeft: got 13, expected 14",
    ],
    [{ tlsDaysLeft: 14 }, answer(), "tlsDaysLeft: got no TLS, expected 14"],
  ])("%j is missed", (expected, given, message) => {
    expect(judged(expected, given)).toEqual([message]);
  });

  it("that says nothing is no expectation", () => {
    expect(expectationSchema.safeParse({ body: {} }).success).toBe(false);
    expect(expectationSchema.safeParse({ json: { "$.a": {} } }).success).toBe(false);
    expect(expectationSchema.safeParse({ body: { matches: "(" } }).success).toBe(false);
  });
});
