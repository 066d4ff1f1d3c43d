import { describe, expect, it } from "vitest";
import { LabelBounds } from "./label-bounds.js";

describe("the bound of labels", () => {
  it("adds up what is past it as other, and keeps to whom it has let in", () => {
    const bounds = new LabelBounds(2);
    const point = (name: string, value: number) => ({ labels: { name, decision: "allowed" }, value });
    expect(bounds.fold("x", [point("a", 1), point("b", 2), point("c", 3), point("d", 4)])).toEqual([
      point("a", 1),
      point("b", 2),
      point("other", 7),
    ]);
    expect(bounds.fold("x", [point("d", 5), point("c", 3), point("b", 2), point("a", 1)])).toEqual([
      point("other", 8),
      point("b", 2),
      point("a", 1),
    ]);
  });

  it("counts each family and each label for itself, and leaves Keelson's own words alone", () => {
    const bounds = new LabelBounds(1);
    const both = [{ labels: { name: "q", tool: "t", state: "queued" }, value: 1 }];
    expect(bounds.fold("x", both)).toEqual(both);
    expect(bounds.fold("y", [{ labels: { name: "r", state: "dead" }, value: 1 }])).toHaveLength(1);
    expect(bounds.fold("x", [{ labels: { name: "q", tool: "u", state: "dead" }, value: 2 }])).toEqual([
      { labels: { name: "q", tool: "other", state: "dead" }, value: 2 },
    ]);
  });
});
