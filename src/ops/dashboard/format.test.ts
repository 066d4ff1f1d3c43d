import { expect, it } from "vitest";
import { burnText, figureText, msText, shareText, spanText, timeText } from "./format.js";

it("shows latencies with the digits that matter", () => {
  expect([0.8412, 9.87, 48.26, 212.4, 1_240, 94_000, null].map(msText)).toEqual([
    "0.84 ms",
    "9.87 ms",
    "48.3 ms",
    "212 ms",
    "1.24 s",
    "94 s",
    "–",
  ]);
});

it("tells shares from none and from all", () => {
  expect([0, 1, 0.5, 0.999, 0.99995, 0.00004, -0.2, null].map(shareText)).toEqual([
    "0 %",
    "100 %",
    "50 %",
    "99.9 %",
    "99.995 %",
    "0.004 %",
    "-20 %",
    "–",
  ]);
});

it("shows spans in their largest two units", () => {
  expect([300_000, 5_400_000, 259_200_000, 67_000, 40].map(spanText)).toEqual([
    "5 min",
    "1 h 30 min",
    "3 d",
    "1 min 7 s",
    "40 ms",
  ]);
});

it("shows burn rates, figures by what they are of, and times as UTC", () => {
  expect([0.123, 14.4, 250.4].map(burnText)).toEqual(["0.12×", "14.4×", "250×"]);
  expect(figureText(301.5, "p95Ms")).toBe("302 ms");
  expect(figureText(3.04, "burnRate")).toBe("3×");
  expect(figureText(401, "status")).toBe("401");
  expect(figureText("open", null)).toBe("open");
  expect(timeText("2026-06-14T09:30:00.000Z")).toBe("14 Jun 2026, 09:30 UTC");
});
