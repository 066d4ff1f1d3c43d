import { describe, expect, it } from "vitest";
import { createKit } from "../../../kit/kit.js";
import type { SliSnapshot, Snapshot } from "../../../observe/snapshot.js";
import { ManualClock } from "../../../testing/manual-clock.js";
import { bytes, count, millis, percent, rate, span, times } from "./format.js";
import { healthOf, standsOut } from "./health.js";
import { breakersOf, History, MOST_SAMPLES } from "./history.js";
import { running } from "./running.js";
import { guardsOf } from "./sections/guards.js";
import { ServerSentReader } from "./sse.js";

const PLAIN = await createKit({ service: "shop", env: {}, clock: new ManualClock() }).snapshot();

/** The indicator of an endpoint: what each window counted. */
function sli(...windows: readonly (readonly [valid: number, bad: number])[]): SliSnapshot {
  return {
    windows: windows.map(([valid, bad], at) => ({
      sec: 300 * (at + 1),
      valid,
      bad,
      coveredSec: 1,
      p50: 1,
      p95: 2,
      p99: 3,
    })),
  };
}

function snapshot(at: number, chat?: SliSnapshot, more: Partial<Snapshot> = {}): Snapshot {
  return {
    ...PLAIN,
    at,
    uptimeMs: 100_000 + at,
    slis: { endpoints: chat === undefined ? {} : { chat }, upstreams: {} },
    ...more,
  };
}

describe("what the page remembers", () => {
  it("works rates out of what counters gained", () => {
    const history = new History();
    history.add(snapshot(0, sli([10, 0], [100, 5])));
    const { endpoints, total } = history.add(snapshot(2_000, sli([30, 4], [120, 9])));
    expect(endpoints.chat).toEqual({ rate: 10, errors: 0.2, p50: 1, p95: 2, p99: 3 });
    expect(total.rate).toBe(10);
  });

  it("isn't misled by a minute that left a window", () => {
    const history = new History();
    history.add(snapshot(0, sli([500, 9], [1000, 9])));
    expect(history.add(snapshot(2_000, sli([120, 0], [1020, 9]))).endpoints.chat).toMatchObject({
      rate: 10,
      errors: 0,
    });
  });

  it("knows nothing of a process it has not seen before, and marks those that began meanwhile", () => {
    const history = new History();
    history.add(snapshot(0, sli([10, 0])));
    const fresh = history.add(snapshot(2_000, sli([3, 0]), { bootId: "fresh", uptimeMs: 500 }));
    expect([fresh.restart, fresh.endpoints.chat?.rate]).toEqual([true, null]);
    const other = history.add(snapshot(4_000, sli([900, 0]), { bootId: "other", uptimeMs: 90_000 }));
    expect([other.restart, other.endpoints.chat?.rate]).toEqual([false, null]);
    const back = history.add(snapshot(6_000, sli([70, 0])));
    expect([back.restart, back.endpoints.chat?.rate]).toEqual([false, 10]);
  });

  it("forgets what is too old to draw", () => {
    const history = new History();
    for (let at = 0; at < MOST_SAMPLES + 10; at++) history.add(snapshot(at * 2_000));
    expect(history.samples).toHaveLength(MOST_SAMPLES);
    expect(history.samples[0]?.at).toBe(20_000);
  });
});

describe("health", () => {
  const alert = { longSec: 3_600, shortSec: 300, threshold: 14.4, callsNeeded: 1, partial: false, since: 5 };
  const objective = (severity: "page" | "ticket", state: "firing" | "ok") => ({
    objective: 0.999,
    owner: "ada",
    runbook: "docs/runbooks/chat.md",
    withinMs: null,
    view: "process" as const,
    storeFailure: null,
    budgetLeft: 1,
    budgetCoveredSec: 1,
    burnRates: [],
    alerts: [{ ...alert, id: "a", severity, state }],
  });

  it("is good when nothing is wrong", () => {
    expect(healthOf(snapshot(0))).toEqual({ level: "ok", word: "Healthy", why: "nothing wrong" });
  });

  it("is bad when somebody is woken, and so-so at a ticket", () => {
    const word = (severity: "page" | "ticket", state: "firing" | "ok") =>
      healthOf(snapshot(0, undefined, { objectives: { "endpoint:chat": objective(severity, state) } })).word;
    expect([word("page", "firing"), word("ticket", "firing"), word("page", "ok")]).toEqual([
      "Failing",
      "Degraded",
      "Healthy",
    ]);
  });
});

describe("breakers and bulkheads of their own", () => {
  it("are not taken for those of an upstream with the same name", async () => {
    const clock = new ManualClock();
    const kit = createKit({ service: "shop", env: {}, clock });
    const search = kit.upstream("search", { breaker: {} });
    const own = kit.breaker("search");
    own.isolate();
    const now = await kit.snapshot();
    expect(breakersOf(now)).toEqual({ search: "closed", "breaker:search": "isolated" });
    expect(healthOf(now)).toMatchObject({ word: "Degraded", why: "breaker:search cut off" });
    own.close();
    search.breaker?.isolate();
    expect(healthOf(await kit.snapshot()).why).toBe("search cut off");
  });

  it("are told with what is in them", async () => {
    const clock = new ManualClock();
    const kit = createKit({ service: "shop", env: {}, clock });
    kit.breaker("bank").isolate();
    const reports = kit.bulkhead("reports", { maxConcurrent: 1, maxQueue: 2 });
    const printers = kit.sharedBulkhead("printers", { maxConcurrent: 3 });
    const held: { done?: () => void } = {};
    const running = reports.run(
      () =>
        new Promise<void>((resolve) => {
          held.done = resolve;
        }),
    );
    const waiting = reports.run(() => 1);
    await printers.run(() => 1);
    const told = guardsOf(await kit.snapshot());
    expect(told.map(([name, { level, word, running: now, queued }]) => [name, level, word, now, queued])).toEqual([
      ["breaker:bank", "bad", "isolated", "–", "–"],
      ["bulkhead:reports", "warn", "full", "1/1", "1/2"],
      ["shared bulkhead:printers", "ok", "3 slots a key", "0", "0"],
    ]);
    held.done?.();
    expect(await Promise.all([running, waiting])).toEqual([undefined, 1]);
  });
});

describe("a key that is denied", () => {
  it("stands out unless most of its count may be others'", () => {
    const told = (atLeast: number, atMost: number) => standsOut({ hash: "a", atLeast, atMost });
    expect([told(1, 1), told(900, 1_000), told(100, 1_000), told(99, 1_000), told(1, 15_601)]).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});

describe("health under overload", () => {
  it("says what is shed, and that there is too much to do", () => {
    const overload = PLAIN.overload as NonNullable<Snapshot["overload"]>;
    const told = (more: Partial<typeof overload>) =>
      healthOf(snapshot(0, undefined, { overload: { ...overload, ...more } }));
    expect(told({})).toMatchObject({ level: "ok" });
    expect(told({ overloaded: true, shedBelow: "high" })).toMatchObject({
      level: "warn",
      why: "overloaded · what is below high is shed",
    });
  });
});

describe("what the process uses", () => {
  const usage = {
    uptimeMs: 60_000,
    rssBytes: 158_900_000,
    heapUsedBytes: 1,
    heapLimitBytes: null,
    cpuSec: 1,
    cpuShare: 0.42,
    loopDelay: { p50Ms: 0.2, p99Ms: 7.1, maxMs: 16 },
    recentSec: 12,
  };

  it("is told where it is measured, as far as it is", () => {
    const uptimeMs = 3_600_000;
    expect(running({ uptimeMs, process: null })).toBe("up 1 h");
    expect(running({ uptimeMs, process: usage })).toBe("up 1 h · 159 MB · CPU 42 % · loop 7.1 ms late at p99");
    expect(running({ uptimeMs, process: { ...usage, cpuShare: null, loopDelay: null } })).toBe("up 1 h · 159 MB");
  });
});

describe("server-sent events", () => {
  it("are read in whatever pieces they come", () => {
    const text = ': hello\n\nevent: snapshot\ndata: {"a":1}\n\nevent: end\r\ndata: {}\r\n\r\ndata: x\ndata: y\n\n';
    for (const size of [1, 2, 7, text.length]) {
      const reader = new ServerSentReader();
      const events = [];
      for (let at = 0; at < text.length; at += size) events.push(...reader.push(text.slice(at, at + size)));
      expect(events).toEqual([
        { event: "snapshot", data: '{"a":1}' },
        { event: "end", data: "{}" },
        { event: "message", data: "x\ny" },
      ]);
    }
  });
});

describe("figures", () => {
  it.each([
    [count(null), "–"],
    [count(0), "0"],
    [count(3.44), "3.4"],
    [count(12_345), "12.3k"],
    [count(1_200_000), "1.2M"],
    [times({ atLeast: 120, atMost: 120 }), "120×"],
    [times({ atLeast: 9_600, atMost: 12_000 }), "9600–12.0k×"],
    [rate(0), "0"],
    [rate(0.04), "<0.1/s"],
    [rate(0.25), "0.3/s"],
    [rate(42.4), "42/s"],
    [percent(0), "0 %"],
    [percent(0.0004), "<0.1 %"],
    [percent(0.004), "0.4 %"],
    [percent(1), "100 %"],
    [millis(0.25), "0.3 ms"],
    [millis(12.4), "12 ms"],
    [millis(1_234), "1.2 s"],
    [bytes(812_000), "812 kB"],
    [bytes(158_900_000), "159 MB"],
    [bytes(1_230_000_000), "1.2 GB"],
    [span(45_000), "45 s"],
    [span(3_600_000), "1 h"],
    [span(7_500_000), "2 h 5 min"],
    [span(97_200_000), "1 d 3 h"],
  ])("%s", (said, wanted) => {
    expect(said).toBe(wanted);
  });
});
