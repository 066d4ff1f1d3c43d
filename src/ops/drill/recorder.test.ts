import { describe, expect, it } from "vitest";
import { batch, stage } from "./fixture.js";
import { OUTCOME } from "./outcome.js";
import { Live, progressLine } from "./progress.js";
import { Recorder } from "./recorder.js";
import { plan } from "./schedule.js";
import { Series } from "./series.js";

const STAGES = plan([
  stage({ duration: "1s", rate: 10, warmUp: true }),
  stage({ duration: "2s", rate: 10, name: "steady" }),
]);
const record = (requests: Parameters<typeof batch>[0], parts: object = {}) => {
  const recorder = new Recorder({ lanes: ["a", "b"], plan: STAGES, ...parts });
  recorder.take(batch(requests));
  return recorder;
};

describe("a recorder", () => {
  it("adds up by stage and lane, and leaves warm-ups out", () => {
    const recorder = record([
      { stage: 0, lane: 0, due: 500, done: 510 },
      { stage: 1, lane: 0, due: 1_100, done: 1_150 },
      { stage: 1, lane: 1, due: 1_200, done: 1_250, outcome: OUTCOME["5xx"] },
    ]);
    expect(recorder.tally([0, 1], [0]).valid).toBe(1);
    expect(recorder.tally([1], [0, 1])).toMatchObject({ valid: 2, bad: 1 });
    expect(recorder.wholeSeries().success).toEqual([0, 1]);
  });

  it("times requests that were turned away or cut off not at all, and those out of time by when they ended", () => {
    const tally = record([
      { stage: 1, due: 1_000, done: 1_001, outcome: OUTCOME.expected4xx },
      { stage: 1, due: 1_000, done: 1_001, outcome: OUTCOME.aborted },
      { stage: 1, due: 1_000, sent: 1_500, done: 2_000, outcome: OUTCOME.timeout },
    ]).tally([1], [0]);
    expect(tally.outcomes).toMatchObject({ expected4xx: 1, aborted: 1, timeout: 1 });
    expect(tally.response.summary()).toMatchObject({ n: 1, censored: 1, maxMs: 1_000 });
    expect(tally.service.summary()).toMatchObject({ n: 1, maxMs: 500 });
  });

  it("looks at stretches by when requests were due, however late they were answered", () => {
    const stretches = [{ name: "end", stage: 1, from: 2_500, to: 3_000 }];
    const recorder = record(
      [
        { stage: 1, due: 2_499, done: 2_900 },
        { stage: 1, due: 2_500, done: 9_000 },
        { stage: 1, due: 2_999, done: 3_000 },
      ],
      { stretches },
    );
    expect(recorder.stretch("end", [0, 1]).valid).toBe(2);
  });

  it("gives requests in the order in which they were due, when they are kept", () => {
    const requests = [
      { stage: 1, due: 1_200, done: 1_210 },
      { stage: 1, lane: 1, due: 1_100, sent: 1_110, done: 1_300, outcome: OUTCOME.network },
    ];
    expect(record(requests).samples()).toEqual([]);
    expect(record(requests, { samples: true }).samples()).toEqual([
      { scenario: "b", responseMs: 200, serviceMs: 190, outcome: "network", dueMs: 1_100 },
      { scenario: "a", responseMs: 10, serviceMs: 10, outcome: "success", dueMs: 1_200 },
    ]);
  });

  it("adds reasons of several batches up", () => {
    const recorder = record([]);
    for (const count of [2, 3])
      recorder.take({ ...batch([]), reasons: [{ lane: 0, outcome: OUTCOME.unknown, reason: "status 404", count }] });
    expect(recorder.reasons(0)).toEqual([{ outcome: "unknown", reason: "status 404", count: 5 }]);
  });

  it("is the same whether one thread measured or two", () => {
    const requests = Array.from({ length: 200 }, (_, at) => ({
      stage: 1,
      lane: at % 2,
      due: 1_000 + at * 10,
      done: 1_000 + at * 10 + ((at * 7) % 50),
    }));
    const one = record(requests);
    const two = record(requests.filter((_, at) => at % 3 === 0));
    two.take(batch(requests.filter((_, at) => at % 3 !== 0)));
    for (const lanes of [[0], [1], [0, 1]])
      expect(two.tally([1], lanes).response.summary()).toEqual(one.tally([1], lanes).response.summary());
    expect(two.wholeSeries()).toEqual(one.wholeSeries());
  });
});

describe("a series", () => {
  it("has exact percentiles of each interval, and nothing where nothing ended", () => {
    const series = new Series(1_000);
    for (let ms = 1; ms <= 100; ms++) series.add(OUTCOME.success, ms, 500);
    series.add(OUTCOME["5xx"], 7, 2_100);
    expect(series.data()).toMatchObject({
      everySec: 1,
      success: [100, 0, 0],
      "5xx": [0, 0, 1],
      p50Ms: [50, null, 7],
      p95Ms: [95, null, 7],
      p99Ms: [99, null, 7],
    });
  });

  it("counts what another thread hands on late for the oldest interval that is open", () => {
    const series = new Series(1_000);
    series.add(OUTCOME.success, 1, 500);
    series.add(OUTCOME.success, 1, 10_000);
    series.add(OUTCOME.success, 1, 600);
    const { success } = series.data();
    expect(success.reduce((sum, count) => sum + count, 0)).toBe(3);
    expect(success).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1]);
  });

  it("is empty when nothing ended", () => {
    expect(new Series(1_000).data().success).toEqual([]);
  });
});

describe("progress", () => {
  it("is of the time since it was last asked for, warm-ups included", () => {
    const live = new Live(STAGES);
    live.take({ ...batch([{ done: 100 }, { done: 900, outcome: OUTCOME.network }]), inFlight: 3 }, 0);
    live.take({ ...batch([{ done: 200, outcome: OUTCOME.expected4xx }]), inFlight: 4 }, 1);
    expect(live.next(1_000)).toEqual({
      stage: "steady",
      elapsedMs: 1_000,
      totalMs: 3_000,
      rate: 3,
      inFlight: 7,
      p50Ms: 100,
      p95Ms: 900,
      p99Ms: 900,
      success: 1,
      expected4xx: 1,
      bad: 1,
    });
    expect(live.next(4_000)).toMatchObject({ stage: "last answers", rate: 0, p95Ms: null });
  });

  it("is a line as wide as there is room", () => {
    const live = new Live(STAGES);
    live.take({ ...batch([{ done: 5.25 }]), inFlight: 1 });
    const progress = live.next(61_000);
    expect(progressLine(progress, 200)).toBe(
      "1:01/0:03 last answers  0.0/s  p95 5.3 ms  all well  1 under way  p50 5.3 ms  p99 5.3 ms  1 good",
    );
    expect(progressLine(progress, 45)).toBe("1:01/0:03 last answers  0.0/s  p95 5.3 ms");
    expect(progressLine(progress, 4)).toBe("1:01");
  });
});
