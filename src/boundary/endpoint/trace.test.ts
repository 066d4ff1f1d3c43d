import { describe, expect, it } from "vitest";
import { callerOf } from "./trace.js";

const ID = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";

describe("the caller's span", () => {
  it("is read from traceparent, also of a later version with more fields", () => {
    expect(callerOf(`00-${ID}-${SPAN}-01`)).toEqual({ traceId: ID, spanId: SPAN });
    expect(callerOf(`cc-${ID}-${SPAN}-01-more`)).toEqual({ traceId: ID, spanId: SPAN });
  });

  it.each([
    null,
    "",
    ID,
    `ff-${ID}-${SPAN}-01`,
    `00-${"0".repeat(32)}-${SPAN}-01`,
    `00-${ID}-${"0".repeat(16)}-01`,
    `00-${ID.toUpperCase()}-${SPAN}-01`,
    `00-${ID}-${SPAN}-01x`,
  ])("is not read from %j", (header) => expect(callerOf(header)).toBeUndefined());
});
