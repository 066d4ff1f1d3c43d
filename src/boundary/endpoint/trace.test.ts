import { describe, expect, it } from "vitest";
import { seeded } from "../../core/seeded.js";
import { newTraceId, traceIdOf } from "./trace.js";

const ID = "4bf92f3577b34da6a3ce929d0e0e4736";

describe("a trace id", () => {
  it("is read from traceparent, also of a later version with more fields", () => {
    expect(traceIdOf(`00-${ID}-00f067aa0ba902b7-01`)).toBe(ID);
    expect(traceIdOf(`cc-${ID}-00f067aa0ba902b7-01-more`)).toBe(ID);
  });

  it.each([
    null,
    "",
    ID,
    `ff-${ID}-00f067aa0ba902b7-01`,
    `00-${"0".repeat(32)}-00f067aa0ba902b7-01`,
    `00-${ID}-${"0".repeat(16)}-01`,
    `00-${ID.toUpperCase()}-00f067aa0ba902b7-01`,
    `00-${ID}-00f067aa0ba902b7-01x`,
  ])("is not read from %j", (header) => expect(traceIdOf(header)).toBeUndefined());

  it("is made new from the injected randomness, repeatably, and never all zero", () => {
    expect(newTraceId(seeded(7))).toMatch(/^[\da-f]{32}$/);
    expect(newTraceId(seeded(7))).toBe(newTraceId(seeded(7)));
    expect(newTraceId(() => 0)).not.toBe("0".repeat(32));
  });
});
