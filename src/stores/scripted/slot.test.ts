import { describe, expect, it } from "vitest";
import { slotOf } from "./slot.js";

describe("slotOf", () => {
  it.each([
    // The specification's own check value, and what CLUSTER KEYSLOT answers.
    ["123456789", 12_739],
    ["foo", 12_182],
    ["{user1000}.following", 3_443],
    ["{user1000}.followers", 3_443],
    ["foo{}{bar}", 8_363],
    ["foo{{bar}}zap", 4_015],
    ["foo{bar}{zap}", 5_061],
    ["", 0],
  ])("%j lies in %i", (key, slot) => {
    expect(slotOf(key)).toBe(slot);
  });
});
