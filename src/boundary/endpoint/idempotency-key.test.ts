import { describe, expect, it } from "vitest";
import { idempotencyKey } from "./idempotency-key.js";

describe("an idempotency key", () => {
  it.each([
    ['"8e03978e-40d5-43e8-bc93-6894a57f9324"', "8e03978e-40d5-43e8-bc93-6894a57f9324"],
    ["8e03978e-40d5-43e8-bc93-6894a57f9324", "8e03978e-40d5-43e8-bc93-6894a57f9324"],
    ['"a \\"b\\" \\\\c"', 'a "b" \\c'],
    [null, undefined],
  ])("of %j is %j", (header, key) => expect(idempotencyKey(header, 255)).toBe(key));

  it.each(["", '""', '"', 'a"b', "a b", '"a', '"a\\n"', "ä", "a, b"])("is not %j", (header) => {
    expect(() => idempotencyKey(header, 255)).toThrow(expect.objectContaining({ code: "validation" }));
  });

  it("has a limit", () => {
    expect(idempotencyKey("a".repeat(10), 10)).toBe("a".repeat(10));
    expect(() => idempotencyKey("a".repeat(11), 10)).toThrow(/Longer than 10/);
  });
});
