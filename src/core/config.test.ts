import { describe, expect, it } from "vitest";
import { ConfigError, fraction, integer, oneOf, onlyKnown } from "./config.js";

describe("a wrong option", () => {
  it("is a TypeError that says which, what was given and what is allowed", () => {
    const error = new ConfigError('limiter("chat").limit', 0, "a whole number, at least 1");
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ name: "ConfigError", code: "config", option: 'limiter("chat").limit', value: 0 });
    expect(error.message).toBe('limiter("chat").limit: got 0; allowed: a whole number, at least 1');
  });

  it.each<[unknown, string]>([
    [undefined, "undefined"],
    [Number.NaN, "NaN"],
    [Number.POSITIVE_INFINITY, "Infinity"],
    [10n, "10n"],
    [Symbol("s"), "Symbol(s)"],
    [() => 1, "a function"],
    ["text", '"text"'],
    [{ a: [1] }, '{"a":[1]}'],
    [{ big: 1n }, "[object Object]"],
  ])("shows %o as %s", (value, shown) => {
    expect(new ConfigError("x", value, "y").message).toBe(`x: got ${shown}; allowed: y`);
  });

  it("shows no more than the beginning of what is long", () => {
    expect(new ConfigError("x", "a".repeat(500), "y").message).toHaveLength(`x: got ; allowed: y`.length + 80);
  });

  it("shows what refers to itself", () => {
    const loop: { self?: object } = {};
    loop.self = loop;
    expect(new ConfigError("x", loop, "y").message).toContain("[object Object]");
  });
});

describe("the checks", () => {
  it("let through what they should, and nothing beside it", () => {
    expect(integer(5, "x", 5, 5)).toBe(5);
    for (const bad of [4, 6, 5.5, "5", Number.NaN, 2 ** 53, null])
      expect(() => integer(bad, "x", 5, 5)).toThrow(ConfigError);
    expect(fraction(0.5, "x", 0, 1)).toBe(0.5);
    for (const bad of [-0.1, 1.1, "0.5", Number.NaN]) expect(() => fraction(bad, "x", 0, 1)).toThrow(ConfigError);
    expect(oneOf("a", "x", ["a", "b"])).toBe("a");
    expect(() => oneOf("c", "x", ["a", "b"])).toThrow('allowed: "a" | "b"');
  });

  it("refuse an option that nobody knows: it would be ignored in silence", () => {
    expect(() => onlyKnown({ limt: 5 }, 'limiter("chat")', ["limit", "per"])).toThrow(
      'limiter("chat").limt: got 5; allowed: no such option; one of limit, per',
    );
  });

  it.each([null, true, "2s", 5, () => 1])("is one where options were meant: %j", (options) => {
    expect(() => onlyKnown(options as object, 'breaker("serper").slowCall', ["over", "rate"])).toThrow(ConfigError);
    expect(() => onlyKnown(options as object, 'breaker("serper").slowCall', ["over", "rate"])).toThrow(
      "allowed: an object with any of over, rate",
    );
  });
});
