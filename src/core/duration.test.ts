import { describe, expect, it } from "vitest";
import { bytes, type Duration, milliseconds, type Size } from "./duration.js";

describe("a duration", () => {
  it.each<[Duration, number]>([
    ["250ms", 250],
    ["30s", 30_000],
    ["1.5m", 90_000],
    ["1h", 3_600_000],
    ["7d", 604_800_000],
    [0, 0],
    [1.4, 1],
    ["0.4ms", 0],
  ])("%j is %d ms", (value, ms) => {
    expect(milliseconds(value, "x")).toBe(ms);
  });

  it.each([
    "",
    "5",
    "5 s",
    "5S",
    "-5s",
    "1e3s",
    "s",
    "5w",
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2 ** 60,
    null,
    {},
  ])("%j is none", (value) => {
    expect(() => milliseconds(value as Duration, 'upstream("x").timeout')).toThrow(
      /^upstream\("x"\)\.timeout: got .*; allowed: a duration like "250ms"/,
    );
  });

  it("has to be long enough", () => {
    expect(() => milliseconds("9ms", "x", 10)).toThrow("at least 10ms");
    expect(milliseconds("10ms", "x", 10)).toBe(10);
  });
});

describe("a size", () => {
  it.each<[Size, number]>([
    ["512b", 512],
    ["64kb", 65_536],
    ["1.5mb", 1_572_864],
    [10, 10],
  ])("%j is %d bytes", (value, size) => {
    expect(bytes(value, "x")).toBe(size);
  });

  it.each(["1gb", "1k", "-1b", -1, Number.NaN, undefined])("%j is none", (value) => {
    expect(() => bytes(value as Size, "maxBytes")).toThrow(/^maxBytes: got .*; allowed: a size like "512b"/);
  });
});
