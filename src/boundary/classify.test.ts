import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ErrorCode, KeelsonError } from "../core/errors.js";
import { StoreFailure } from "../core/store.js";
import { classify } from "./classify.js";
import { problemHeaders, toProblem } from "./problem.js";

const error = (fields: object, message = "m") => Object.assign(new Error(message), fields);
const caused = (cause: unknown) => Object.assign(new TypeError("fetch failed"), { cause });

describe("classify", () => {
  it("hands Keelson's own errors back as they are", () => {
    const own = new KeelsonError("conflict");
    expect(classify(own)).toBe(own);
  });

  it("knows the errors of another copy of the package", () => {
    const other = error({
      category: "rate_limit",
      code: "rate_limit",
      retryAfterMs: 7,
      status: 429,
      headers: { a: "b" },
    });
    expect(classify(other)).toBeInstanceOf(KeelsonError);
    expect(classify(other)).toMatchObject({ code: "rate_limit", retryAfterMs: 7, headers: { a: "b" }, cause: other });
  });

  it.each<[string, unknown, ErrorCode, number]>([
    ["an abort", new DOMException("gone", "AbortError"), "aborted", 499],
    ["a time-out", new DOMException("late", "TimeoutError"), "upstream_timeout", 504],
    ["p-timeout's error", error({ name: "TimeoutError" }), "upstream_timeout", 504],
    ["a store's failure", new StoreFailure("unavailable", "no"), "unavailable", 503],
    ["the same from another copy", { reason: "timeout", applied: "unknown" }, "unavailable", 503],
    [
      "body-parser: too large",
      error({ status: 413, type: "entity.too.large", expose: true }),
      "payload_too_large",
      413,
    ],
    ["body-parser: not JSON", error({ status: 400, type: "entity.parse.failed", expose: true }), "invalid_json", 400],
    [
      "body-parser: encoding",
      error({ status: 415, type: "encoding.unsupported", expose: true }),
      "unsupported_media_type",
      415,
    ],
    ["body-parser: aborted", error({ status: 400, type: "request.aborted" }), "aborted", 499],
    ["express: a path that does not decode", Object.assign(new URIError("%"), { status: 400 }), "validation", 400],
    ["http-errors 404", error({ status: 404, expose: true }), "not_found", 404],
    ["http-errors 401 by statusCode", error({ statusCode: 401, expose: true }), "unauthenticated", 401],
    ["http-errors 418", error({ status: 418, expose: true }), "validation", 418],
    ["http-errors 503", error({ status: 503, expose: false }), "unavailable", 503],
    ["http-errors 500", error({ status: 500, expose: false }), "internal", 500],
    ["an SDK's error with its upstream's status", error({ status: 401 }), "internal", 500],
    ["a refused connection", error({ code: "ECONNREFUSED" }), "upstream_failed", 502],
    ["a name that does not resolve", caused(error({ code: "ENOTFOUND" })), "upstream_failed", 502],
    ["undici: socket", caused(error({ code: "UND_ERR_SOCKET" })), "upstream_failed", 502],
    ["undici: headers time-out", caused(error({ code: "UND_ERR_HEADERS_TIMEOUT" })), "upstream_timeout", 504],
    ["undici: abort", error({ code: "UND_ERR_ABORTED" }), "aborted", 499],
    [
      "happy eyeballs",
      caused(new AggregateError([error({ code: "ECONNREFUSED" }), error({ code: "ETIMEDOUT" })])),
      "upstream_failed",
      502,
    ],
    ["Promise.any", new AggregateError([error({}), error({ code: "ETIMEDOUT" })]), "upstream_timeout", 504],
    [
      "Promise.any over upstreams",
      new AggregateError([new KeelsonError("upstream_circuit_open")]),
      "upstream_circuit_open",
      503,
    ],
    ["a file that is not there", error({ code: "ENOENT" }), "internal", 500],
    ["an error", new Error("x"), "internal", 500],
    ["a string", "x", "internal", 500],
    ["null", null, "internal", 500],
    ["undefined", undefined, "internal", 500],
    ["a symbol", Symbol("x"), "internal", 500],
    ["an error of ours that was wrapped on purpose", caused(new KeelsonError("validation")), "internal", 500],
  ])("takes %s for what it is", (_, thrown, code, status) => {
    const known = classify(thrown);
    expect(known).toMatchObject({ code, status });
    if (!(thrown instanceof AggregateError)) expect(known.cause).toBe(thrown);
  });

  it("sends what http-errors exposes, and nothing else that was said", () => {
    expect(toProblem(classify(error({ status: 404, expose: true }, "No such shop"))).detail).toBe("No such shop");
    expect(toProblem(classify(error({ status: 404, expose: false }, "row 7"))).detail).toBeUndefined();
    const body = error({ status: 400, type: "entity.parse.failed", expose: true }, 'Unexpected token in "hunter2"');
    expect(JSON.stringify(toProblem(classify(body)))).not.toContain("hunter2");
  });

  it("keeps the message and the error for those who look inside", () => {
    const thrown = new Error("the disk is full");
    expect(classify(thrown)).toMatchObject({ message: "the disk is full", cause: thrown });
  });

  it("comes to an end with circular causes and aggregates", () => {
    const circular = error({});
    Object.assign(circular, { cause: circular, errors: [circular, circular] });
    expect(classify(circular).code).toBe("internal");
  });

  it("never throws, whatever was thrown, and what it makes can always be sent", () => {
    const bomb = () => {
      throw new Error("bomb");
    };
    const names = ["name", "message", "code", "type", "status", "statusCode", "expose", "cause", "errors", "category"];
    // In functions, for fast-check itself looks at the values it makes.
    const hostile = fc.constantFrom<() => unknown>(
      () => new Proxy({}, { get: bomb, has: bomb, getPrototypeOf: bomb, ownKeys: bomb }),
      () => new Proxy(new Error("x"), { get: bomb }),
      () => new Proxy(new KeelsonError("conflict"), { get: bomb }),
      () => Object.create(null),
      () => bomb,
      () => 10n,
    );
    const word = fc.constantFrom<unknown>(
      "AbortError",
      "ECONNRESET",
      404,
      503,
      true,
      "entity.too.large",
      "constructor",
    );
    const value = fc.oneof(
      hostile,
      fc.oneof(word, fc.anything()).map((held) => () => held),
    );
    const field = fc.record({ name: fc.constantFrom(...names), value, throws: fc.boolean() });
    const thing = fc.tuple(fc.boolean(), fc.array(field, { maxLength: 6 })).map(([isError, fields]) => () => {
      const made = isError ? new Error("x") : {};
      for (const { name, value: held, throws } of fields)
        Object.defineProperty(
          made,
          name,
          throws ? { get: bomb, configurable: true } : { value: held(), configurable: true },
        );
      return made;
    });
    fc.assert(
      fc.property(fc.oneof(value, thing), (thrown) => {
        const known = classify(thrown());
        expect(known).toBeInstanceOf(KeelsonError);
        expect(JSON.parse(JSON.stringify(toProblem(known)))).toMatchObject({ code: known.code });
        expect(problemHeaders(known)[0]).toEqual(["content-type", "application/problem+json"]);
      }),
      { numRuns: 1000 },
    );
  });
});
