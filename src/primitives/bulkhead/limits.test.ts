import { describe, expect, it } from "vitest";
import { knob } from "../../boundary/knobs/knob.js";
import { KnobSet } from "../../boundary/knobs/knob-set.js";
import { ConfigError } from "../../core/config.js";
import { KeelsonError } from "../../core/errors.js";
import { Events } from "../../core/events.js";
import { runtime } from "../../core/runtime.js";
import { ManualClock, settled } from "../../testing/manual-clock.js";
import { UpstreamStatusError } from "../upstream/status-error.js";
import { Aimd } from "./aimd.js";
import { Bulkhead } from "./bulkhead.js";
import type { AdaptiveOptions } from "./options.js";

function setup(maxConcurrent: number, adaptive?: AdaptiveOptions) {
  const clock = new ManualClock();
  const events = new Events();
  const resized: string[] = [];
  events.on("bulkhead.resized", ({ from, to, reason }) => resized.push(`${from} → ${to} ${reason}`));
  const options = { maxConcurrent, maxQueue: 10, ...(adaptive && { adaptive }) };
  return { clock, resized, bulkhead: new Bulkhead("pdf", options, runtime({ clock, events })) };
}

describe("resizing", () => {
  it("goes back to what its options or a knob say when a size set by hand is taken back", async () => {
    const { bulkhead, resized } = setup(2);
    bulkhead.restore();
    bulkhead.resize(1);
    const runs = [1, 2].map(() => bulkhead.run(() => new Promise(() => undefined)));
    expect(bulkhead.snapshot()).toMatchObject({ running: 1, queued: 1 });
    bulkhead.restore();
    expect(bulkhead.snapshot()).toMatchObject({ limit: 2, running: 2, queued: 0 });
    expect([resized, runs.length]).toEqual([["2 → 1 manual", "1 → 2 manual"], 2]);
  });

  it("up lets those in who wait, in their order", async () => {
    const { bulkhead, resized } = setup(1);
    bulkhead.tryEnter();
    const order: number[] = [];
    for (const n of [1, 2, 3]) void bulkhead.wait().then(() => order.push(n));
    bulkhead.resize(3);
    await settled();
    expect(order).toEqual([1, 2]);
    expect(bulkhead.snapshot()).toMatchObject({ limit: 3, running: 3, queued: 1 });
    expect(resized).toEqual(["1 → 3 manual"]);
  });

  it("down takes no slot from a call that has it", async () => {
    const { bulkhead } = setup(3);
    for (let n = 0; n < 3; n++) bulkhead.tryEnter();
    bulkhead.resize(1);
    let granted = false;
    void bulkhead.wait().then(() => {
      granted = true;
    });
    bulkhead.leave();
    bulkhead.leave();
    await settled();
    expect([granted, bulkhead.snapshot().running]).toEqual([false, 1]);
    bulkhead.leave();
    await settled();
    expect(granted).toBe(true);
  });

  it("down below the weight of one who waits lets it run alone", async () => {
    const { bulkhead } = setup(4);
    bulkhead.tryEnter(2);
    let granted = false;
    void bulkhead.wait({ weight: 4 }).then(() => {
      granted = true;
    });
    bulkhead.resize(2);
    bulkhead.leave(2);
    await settled();
    expect([granted, bulkhead.snapshot().running]).toEqual([true, 4]);
    expect(bulkhead.tryEnter()).toBe(false);
  });

  it("refuses what is no number of slots", () => {
    const { bulkhead } = setup(1);
    for (const size of [0, -1, 1.5, Number.NaN]) expect(() => bulkhead.resize(size)).toThrow(ConfigError);
    expect(bulkhead.snapshot().limit).toBe(1);
  });

  it("follows its knob, also for those who wait already", async () => {
    const clock = new ManualClock();
    const knobs = new KnobSet({ SLOTS: knob.int({ default: 1, min: 1 }) }, { env: {} });
    const rt = runtime({ clock, knobs });
    const bulkhead = new Bulkhead(
      "pdf",
      { maxConcurrent: ((k: { SLOTS: number }) => k.SLOTS) as never, maxQueue: 5, queueTimeout: "1s" },
      rt,
    );
    bulkhead.tryEnter();
    let granted = false;
    void bulkhead.wait().then(() => {
      granted = true;
    });
    knobs.set("SLOTS", 2);
    expect(bulkhead.snapshot().limit).toBe(2);
    await settled();
    expect(granted).toBe(true);
  });
});

describe("closing", () => {
  it("lets nobody in any more, and waits for all who run and wait", async () => {
    const { bulkhead } = setup(1);
    bulkhead.tryEnter();
    const waiting = bulkhead.wait();
    const closed = bulkhead.close();
    await expect(bulkhead.wait()).rejects.toMatchObject({ code: "unavailable" });
    expect(bulkhead.tryEnter()).toBe(false);
    bulkhead.leave();
    await waiting;
    bulkhead.leave();
    expect(await closed).toBe(true);
    expect(bulkhead.snapshot().closed).toBe(true);
  });

  it("sends away who still waits when the time is over, and says that calls are left", async () => {
    const { bulkhead, clock } = setup(1);
    bulkhead.tryEnter();
    const waiting = bulkhead.wait();
    waiting.catch(() => undefined);
    const closed = bulkhead.close({ drain: "1s" });
    await clock.advance(1000);
    await expect(waiting).rejects.toMatchObject({ code: "unavailable" });
    expect(await closed).toBe(false);
    expect(clock.pending()).toBe(0);
  });

  it("is over at once where nothing is under way, and may be asked for again", async () => {
    const { bulkhead, clock } = setup(1);
    expect(await bulkhead.close({ drain: "1s" })).toBe(true);
    expect(await bulkhead.close({ drain: "1s" })).toBe(true);
    expect(clock.pending()).toBe(0);
  });

  it("rejects where its time is no duration, and stays open", async () => {
    const { bulkhead } = setup(1);
    await expect(bulkhead.close({ drain: "soon" as "1s" })).rejects.toThrow('bulkhead("pdf").close.drain');
    expect(bulkhead.tryEnter()).toBe(true);
  });
});

describe("a limit that adapts", () => {
  const config = { min: 1, max: 20, decrease: 0.5, dropOverMs: Number.POSITIVE_INFINITY };

  it("rises by one for each round of successes, while it is used", () => {
    const aimd = new Aimd(config, 10);
    for (let n = 0; n < 11; n++) aimd.sample("success", 10, 0, false);
    expect(aimd.limit).toBe(11);
    for (let n = 0; n < 1000; n++) aimd.sample("success", 4, 0, false);
    expect(aimd.limit).toBe(11);
    for (let n = 0; n < 1000; n++) aimd.sample("success", 20, 0, false);
    expect(aimd.limit).toBe(20);
  });

  it("falls once a round, however many of the round were dropped", () => {
    const aimd = new Aimd(config, 16);
    for (let n = 0; n < 16; n++) aimd.sample("failure", 16, 0, true);
    expect(aimd.limit).toBe(8);
    aimd.sample("failure", 8, 0, true);
    expect(aimd.limit).toBe(4);
    for (let n = 0; n < 100; n++) aimd.sample("failure", 1, 0, true);
    expect(aimd.limit).toBe(1);
  });

  it("learns nothing from failures that aren't drops, nor from what was ignored or cancelled", () => {
    const aimd = new Aimd(config, 10);
    for (const outcome of ["failure", "ignored", "cancelled", "rejected"] as const)
      for (let n = 0; n < 100; n++) aimd.sample(outcome, 10, 0, false);
    expect(aimd.limit).toBe(10);
  });

  it("takes a success that was too slow for a drop", () => {
    const aimd = new Aimd({ ...config, dropOverMs: 100 }, 10);
    aimd.sample("success", 10, 100, false);
    expect(aimd.limit).toBe(10);
    aimd.sample("success", 10, 101, false);
    expect(aimd.limit).toBe(5);
  });

  it("takes a round for what runs at a time, whatever its calls weigh", () => {
    const aimd = new Aimd(config, 16);
    for (let n = 0; n < 4; n++) aimd.sample("failure", 16, 0, true, 4);
    expect(aimd.limit).toBe(8);
    aimd.sample("failure", 8, 0, true, 4);
    expect(aimd.limit).toBe(4);
    const rising = new Aimd(config, 10);
    for (let n = 0; n < 3; n++) rising.sample("success", 10, 0, false, 4);
    expect(rising.limit).toBe(11);
  });

  it("is a bulkhead's: calls that end without a word belong to their round", () => {
    const { bulkhead } = setup(8, { decrease: 0.5 });
    for (let n = 0; n < 8; n++) bulkhead.tryEnter();
    bulkhead.leave(1, "failure", 0, true);
    for (let n = 0; n < 7; n++) bulkhead.leave();
    expect(bulkhead.snapshot().limit).toBe(4);
    bulkhead.tryEnter();
    bulkhead.leave(1, "failure", 0, true);
    expect(bulkhead.snapshot().limit).toBe(2);
  });

  it("is a bulkhead's: a limiter of ours that refuses says nothing of the callee, its own 429 does", async () => {
    const { bulkhead } = setup(8, { decrease: 0.5 });
    const fail = (error: unknown) => bulkhead.run(() => Promise.reject(error)).catch(() => undefined);
    await fail(new KeelsonError("rate_limit"));
    expect(bulkhead.snapshot().limit).toBe(8);
    await fail(new UpstreamStatusError("llm", new Response(null, { status: 429 }), undefined));
    expect(bulkhead.snapshot().limit).toBe(4);
  });

  it("is a bulkhead's: time-outs and 429s lower it, slow calls too, and other errors don't", async () => {
    const clock = new ManualClock();
    const bulkhead = new Bulkhead(
      "pdf",
      { maxConcurrent: 8, adaptive: { min: 2, decrease: 0.5, dropOver: "100ms" } },
      runtime({ clock }),
    );
    const fail = (error: unknown) => bulkhead.run(() => Promise.reject(error)).catch(() => undefined);
    await fail(new Error("broken"));
    expect(bulkhead.snapshot().limit).toBe(8);
    await fail(Object.assign(new Error("busy"), { status: 429 }));
    expect(bulkhead.snapshot().limit).toBe(4);
    const slow = bulkhead.run(async () => {
      await clock.advance(150);
    });
    await slow;
    expect(bulkhead.snapshot().limit).toBe(2);
    await fail(new DOMException("late", "TimeoutError"));
    expect(bulkhead.snapshot().limit).toBe(2);
  });
});
