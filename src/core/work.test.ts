import { describe, expect, it } from "vitest";
import { settled } from "../testing/manual-clock.js";
import { Work } from "./work.js";

describe("work", () => {
  it("is waited for by all who close it, and begins no more", async () => {
    const work = new Work();
    work.begin();
    work.begin();
    const closed: number[] = [];
    void work.close().then(() => closed.push(1));
    void work.close().then(() => closed.push(2));
    expect([work.closing, work.running]).toEqual([true, 2]);
    work.end();
    await settled();
    expect(closed).toEqual([]);
    work.end();
    await settled();
    expect(closed).toEqual([1, 2]);
  });

  it("that is none is over at once", async () => {
    const work = new Work();
    await expect(work.close()).resolves.toBeUndefined();
    expect(work.closing).toBe(true);
  });
});
