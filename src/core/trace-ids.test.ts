import { describe, expect, it } from "vitest";
import { seeded } from "./seeded.js";
import { firstSpanId, isSpanId, isTraceId, newSpanId, newTraceId, spanIdFrom } from "./trace-ids.js";

const ID = "4bf92f3577b34da6a3ce929d0e0e4736";

describe("ids of traces and spans", () => {
  it("are made new from the injected randomness, repeatably, and never all zero", () => {
    for (const [make, allowed] of [
      [newTraceId, isTraceId],
      [newSpanId, isSpanId],
    ] as const) {
      expect(allowed(make(seeded(7)))).toBe(true);
      expect(make(seeded(7))).toBe(make(seeded(7)));
      expect(allowed(make(() => 0))).toBe(true);
    }
  });

  it("know the first span of a trace by the trace", () => {
    expect(firstSpanId(ID)).toBe("a3ce929d0e0e4736");
    expect(firstSpanId(`${"a".repeat(16)}${"0".repeat(16)}`)).toBe("a".repeat(16));
  });

  it("are made of a text, the same each time and others of another text", () => {
    const ids = Array.from({ length: 10_000 }, (_, n) => spanIdFrom(`tools search ${n} 1 1`));
    expect(ids.every(isSpanId)).toBe(true);
    expect(new Set(ids).size).toBe(10_000);
    expect(spanIdFrom("tools search 0 1 1")).toBe(ids[0]);
  });

  it.each([undefined, "", "0".repeat(32), ID.toUpperCase(), ID.slice(1), `${ID}0`])("are no trace's: %j", (id) =>
    expect(isTraceId(id)).toBe(false),
  );

  it.each([undefined, "", "0".repeat(16), "A3CE929D0E0E4736", ID])("are no span's: %j", (id) =>
    expect(isSpanId(id)).toBe(false),
  );
});
