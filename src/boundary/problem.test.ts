import { describe, expect, it } from "vitest";
import { type ErrorCode, KeelsonError, taxonomy } from "../core/errors.js";
import { problemHeaders, toFunctionError, toProblem } from "./problem.js";

const codes = Object.keys(taxonomy) as ErrorCode[];

/** An error with something internal wherever there is room for it. */
const loaded = (code: ErrorCode) =>
  new KeelsonError(code, "SECRET message", { cause: new Error("SECRET cause"), source: "SECRET source" });

describe("toProblem", () => {
  it("has what RFC 9457 asks for, and the code", () => {
    expect(
      toProblem(new KeelsonError("conflict", "x", { detail: "It exists" }), { instance: "/r/1", traceId: "ab" }),
    ).toEqual({
      type: "urn:problem-type:keelson:conflict",
      title: "The request conflicts with another",
      status: 409,
      detail: "It exists",
      instance: "/r/1",
      code: "conflict",
      traceId: "ab",
    });
  });

  it.each(codes)("says nothing internal of %s", (code) => {
    const error = loaded(code);
    expect(JSON.stringify([toProblem(error), problemHeaders(error), toFunctionError(error)])).not.toContain("SECRET");
    expect(toProblem(error)).toMatchObject({ status: taxonomy[code].status, title: taxonomy[code].title });
  });

  it("uses the registered types where there are some, and a base of one's own elsewhere", () => {
    const typeOf = (code: ErrorCode) => toProblem(new KeelsonError(code), { typeBase: "https://x.example/p#" }).type;
    expect(typeOf("rate_limit")).toBe("https://iana.org/assignments/http-problem-types#quota-exceeded");
    expect(typeOf("unavailable")).toBe("https://iana.org/assignments/http-problem-types#temporary-reduced-capacity");
    expect(typeOf("not_found")).toBe("https://x.example/p#not_found");
  });

  it("lists issues by part and pointer", () => {
    const issues = [{ in: "query", pointer: "/page", message: "Expected number" }];
    expect(toProblem(new KeelsonError("validation", "x", { issues })).errors).toEqual([
      { in: "query", pointer: "/page", detail: "Expected number" },
    ]);
  });

  it("keeps the status that an error was given", () => {
    expect(toProblem(new KeelsonError("validation", "x", { status: 422 })).status).toBe(422);
  });
});

describe("problemHeaders", () => {
  const header = (error: KeelsonError, name: string) => problemHeaders(error).filter(([key]) => key === name);

  it.each([
    [0, "1"],
    [1, "1"],
    [1000, "1"],
    [1001, "2"],
    [59_999, "60"],
  ])("says after %i ms in whole seconds, never too early", (retryAfterMs, seconds) => {
    const error = new KeelsonError("rate_limit", "x", { retryAfterMs });
    expect(header(error, "retry-after")).toEqual([["retry-after", seconds]]);
    expect(toProblem(error).retryAfter).toBe(Number(seconds));
  });

  it("says when to come back with every 429 and 503, and elsewhere where it is known", () => {
    for (const code of codes) {
      const always = taxonomy[code].status === 429 || taxonomy[code].status === 503;
      expect([code, header(new KeelsonError(code), "retry-after").length]).toEqual([code, always ? 1 : 0]);
    }
    expect(header(new KeelsonError("conflict", "x", { retryAfterMs: 5 }), "retry-after")).toHaveLength(1);
    expect(header(new KeelsonError("conflict", "x", { retryAfterMs: Number.NaN }), "retry-after")).toHaveLength(0);
  });

  it("adds those the error calls for, which replace none of its own", () => {
    const error = new KeelsonError("method_not_allowed", "x", {
      headers: { Allow: "GET", "Content-Type": "text/html" },
    });
    expect(problemHeaders(error)).toEqual([
      ["content-type", "application/problem+json"],
      ["allow", "GET"],
    ]);
  });
});

describe("toFunctionError", () => {
  it("is plain data with what a caller can use", () => {
    const issues = [{ in: "args", pointer: "/n", message: "Expected number" }];
    expect(toFunctionError(new KeelsonError("validation", "internal", { issues }))).toEqual({
      code: "validation",
      category: "validation",
      message: "The input is not valid",
      issues,
    });
    expect(
      toFunctionError(new KeelsonError("rate_limit", "internal", { retryAfterMs: 250, detail: "Slow down" })),
    ).toEqual({
      code: "rate_limit",
      category: "rate_limit",
      message: "Slow down",
      retryAfterMs: 250,
    });
  });
});
