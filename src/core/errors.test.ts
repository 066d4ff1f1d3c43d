import { describe, expect, it } from "vitest";
import { type ErrorCode, isKeelsonError, KeelsonError, taxonomy } from "./errors.js";

describe("the taxonomy", () => {
  it("has a status for each code, and a title that anyone may read", () => {
    for (const [code, { status, title }] of Object.entries(taxonomy)) {
      expect([code, status >= 400 && status < 600, title.length > 5]).toEqual([code, true, true]);
      expect(new KeelsonError(code as ErrorCode)).toMatchObject({ code, status, message: title });
    }
  });

  it("blames clients with 4xx, and others with 5xx", () => {
    const blamed = Object.entries(taxonomy).filter(([, { status }]) => status < 500);
    expect([...new Set(blamed.map(([, { category }]) => category))].sort()).toEqual([
      "aborted",
      "auth",
      "conflict",
      "not_found",
      "rate_limit",
      "validation",
    ]);
  });
});

describe("a KeelsonError", () => {
  it("keeps its cause, and has none where none was given", () => {
    const cause = new Error("deep");
    expect(new KeelsonError("internal", "x", { cause }).cause).toBe(cause);
    expect("cause" in new KeelsonError("internal")).toBe(false);
    expect("cause" in new KeelsonError("internal", "x", { cause: undefined })).toBe(true);
  });

  it("may have another status than its code", () => {
    expect(new KeelsonError("conflict", "x", { status: 412 }).status).toBe(412);
  });

  it("is known from another copy of the package, and nothing else is taken for one", () => {
    class Foreign extends Error {
      readonly code = "rate_limit";
      readonly category = "rate_limit";
    }
    expect(isKeelsonError(new Foreign())).toBe(true);
    expect(isKeelsonError(new Foreign(), "rate_limit")).toBe(true);
    expect(isKeelsonError(new Foreign(), "internal")).toBe(false);
    for (const other of [
      new Error("x"),
      Object.assign(new Error("x"), { code: "ECONNRESET" }),
      Object.assign(new Error("x"), { code: "toString", category: "x" }),
      { code: "internal", category: "internal" },
      null,
      "internal",
    ])
      expect(isKeelsonError(other)).toBe(false);
  });
});
