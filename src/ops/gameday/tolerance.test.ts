import { describe, expect, it } from "vitest";
import { judge, type PlainTolerance } from "./tolerance.js";

const answer = (status: number, body: unknown = {}) => ({ status, headers: { "retry-after": "5" }, body });

describe("a tolerance", () => {
  it.each<[string, PlainTolerance, unknown, boolean]>([
    ["a status that is equal", 200, answer(200), true],
    ["a status that is not", 200, answer(503), false],
    ["a number that is equal", 5, 5, true],
    ["an exit code", 0, { status: 0, stdout: "", stderr: "" }, true],
    ["a text", "ok", "ok", true],
    ["a text is not a status", "200", answer(200), false],
    ["true", true, true, true],
    ["true is not 1", true, 1, false],
    ["two statuses are those allowed", [200, 503], answer(503), true],
    ["two statuses are no range: 404 lies between them", [200, 429], answer(404), false],
    ["two numbers are a range, with its lower end", [1, 10], 1, true],
    ["… with its upper end", [1, 10], 10, true],
    ["… and nothing outside", [1, 10], 11, false],
    ["three numbers are those allowed", [1, 5, 10], 5, true],
    ["three numbers are no range", [1, 5, 10], 4, false],
    ["two texts are those allowed", ["open", "half-open"], "half-open", true],
    ["two texts are no range", ["a", "z"], "m", false],
    ["nothing is in no range", [1, 10], null, false],
    [
      "a pattern, in a part",
      { type: "regex", target: "stdout", pattern: "^ok" },
      { status: 0, stdout: "ok then" },
      true,
    ],
    [
      "a pattern that is not there",
      { type: "regex", target: "stdout", pattern: "^ok" },
      { status: 0, stdout: "no" },
      false,
    ],
    ["a pattern, in what is no text", { type: "regex", target: "body", pattern: "ok" }, answer(200, { ok: 1 }), false],
    ["a part there is not is the whole", { type: "regex", target: "stdout", pattern: "^ok" }, "ok", true],
    ["a path where something is", { type: "jsonpath", target: "body", path: "$.a" }, answer(200, { a: null }), true],
    ["a path where nothing is", { type: "jsonpath", target: "body", path: "$.b" }, answer(200, { a: 1 }), false],
    ["a path in JSON text", { type: "jsonpath", target: "body", path: "$.a" }, answer(200, '{"a":1}'), true],
    ["a path in what is no JSON", { type: "jsonpath", target: "body", path: "$.a" }, answer(200, "<a>"), false],
    ["a value at a path", { type: "jsonpath", target: "body", path: "$.a", expect: 1 }, answer(200, { a: 1 }), true],
    ["another value", { type: "jsonpath", target: "body", path: "$.a", expect: 1 }, answer(200, { a: 2 }), false],
    ["all values, in order", { type: "jsonpath", path: "$[*].n", expect: [1, 2] }, [{ n: 1 }, { n: 2 }], true],
    ["one of two is not all", { type: "jsonpath", path: "$[*].n", expect: 1 }, [{ n: 1 }, { n: 2 }], false],
    ["so many values", { type: "jsonpath", path: "$[*].n", count: 2 }, [{ n: 1 }, { n: 2 }], true],
    ["no values, wanted", { type: "jsonpath", path: "$[*].n", count: 0 }, [], true],
    ["expecting a list within a list", { type: "jsonpath", path: "$.a", expect: [[]] }, { a: [] }, true],
    ["an empty list is nothing found", { type: "jsonpath", path: "$.a", expect: [] }, { a: [] }, false],
    ["a range of a part", { type: "range", range: [0, 2], target: "body" }, answer(200, 2), true],
    ["a number in a text", { type: "range", range: [0, 2], target: "stdout" }, { status: 0, stdout: "1.5\n" }, true],
    ["no number", { type: "range", range: [0, 2], target: "stdout" }, { status: 0, stdout: "" }, false],
  ])("%s", (_, tolerance, output, met) => {
    const judgement = judge(tolerance, output);
    expect(judgement.met).toBe(met);
    expect(judgement.reason === undefined).toBe(met);
  });

  it("says what there was and what was expected", () => {
    expect(judge([200, 503], answer(404)).reason).toBe("got 404, expected one of [200,503]");
    expect(judge({ type: "jsonpath", target: "body", path: "$.state", expect: "open" }, answer(200, {})).reason).toBe(
      'got [], expected ["open"] at $.state',
    );
  });
});
