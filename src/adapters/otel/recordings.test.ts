import type { Histogram } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../../testing/manual-clock.js";
import { Recordings, Series } from "./recordings.js";

function recording() {
  const clock = new ManualClock();
  const errors: unknown[] = [];
  const recorded: number[] = [];
  const record: Histogram["record"] = (value) => {
    if (value === 1_313) throw new Error("thirteen");
    recorded.push(value);
  };
  const recordings = new Recordings(clock, (error) => errors.push(error));
  return { clock, errors, recorded, recordings, series: () => new Series({ record }, {}) };
}

describe("recordings", () => {
  it("record each measurement once, in seconds, some time later", async () => {
    const { clock, recorded, recordings, series } = recording();
    const [a, b] = [series(), series()];
    for (let n = 0; n < 100; n++) recordings.add(n % 3 === 0 ? a : b, n * 1_000);
    expect(recorded).toEqual([]);
    await clock.advance(100);
    expect(recorded.toSorted((x, y) => x - y)).toEqual(Array.from({ length: 100 }, (_, n) => n));
    recordings.flush();
    expect(recorded.length).toBe(100);
    recordings.add(a, 500);
    recordings.flush();
    expect(recorded.at(-1)).toBe(0.5);
  });

  it("hold up the process for a few at a time, until all are recorded", async () => {
    const { clock, recorded, recordings, series } = recording();
    const [a, b] = [series(), series()];
    for (let n = 0; n < 1_200; n++) recordings.add(n < 700 ? a : b, 1);
    const after: number[] = [];
    for (const ms of [100, 10, 10, 10]) {
      await clock.advance(ms);
      after.push(recorded.length);
    }
    expect(after).toEqual([500, 1_000, 1_200, 1_200]);
  });

  it("go on being taken in between two goes", async () => {
    const { clock, recorded, recordings, series } = recording();
    const [a, b] = [series(), series()];
    for (let n = 0; n < 600; n++) recordings.add(a, 1);
    await clock.advance(100);
    recordings.add(b, 2_000);
    recordings.add(a, 3_000);
    await clock.advance(10);
    expect([recorded.length, recorded.filter((value) => value > 1).sort()]).toEqual([602, [2, 3]]);
  });

  it("take no more than so many at a time, and count what is too much", () => {
    const { recorded, recordings, series } = recording();
    const one = series();
    for (let n = 0; n < 50_003; n++) recordings.add(one, 1);
    recordings.flush();
    expect([recorded.length, recordings.dropped]).toEqual([50_000, 3]);
    recordings.add(one, 1);
    recordings.flush();
    expect([recorded.length, recordings.dropped]).toEqual([50_001, 3]);
  });

  it("report what an instrument throws, and record the others", () => {
    const { errors, recorded, recordings, series } = recording();
    const one = series();
    for (const ms of [12_000, 1_313_000, 14_000]) recordings.add(one, ms);
    recordings.flush();
    expect([recorded.toSorted(), errors]).toEqual([[12, 14], [new Error("thirteen")]]);
  });
});
