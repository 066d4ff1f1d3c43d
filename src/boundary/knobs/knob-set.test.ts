import { describe, expect, it } from "vitest";
import { integer } from "../../core/config.js";
import { type EventMap, Events } from "../../core/events.js";
import { Derived } from "../../core/runtime.js";
import { ManualClock } from "../../testing/manual-clock.js";
import { knob } from "./knob.js";
import { KnobSet } from "./knob-set.js";

const declared = {
  CHAT_LIMIT_MAX: knob.int({ default: 20, min: 1, max: 1000, describe: "chat turns a minute" }),
  CHAT_WINDOW: knob.duration({ default: "1m", min: "1s" }),
  UPLOAD_SIZE_MAX: knob.size({ default: "64kb" }),
  SHADOW_MODE_ON: knob.flag({ default: false }),
  SEARCH_API_KEY: knob.text({ default: "k-default", secret: true, min: 3 }),
  LOG_LEVEL_NAME: knob.choice(["info", "debug"], { default: "info" }),
};

describe("KnobSet", () => {
  function make(env: Record<string, string> = {}) {
    const clock = new ManualClock();
    const events = new Events();
    const changes: EventMap["knob.changed"][] = [];
    events.on("knob.changed", (event) => changes.push(event));
    const refused: EventMap["knob.refused"][] = [];
    events.on("knob.refused", (event) => refused.push(event));
    return { clock, changes, refused, set: new KnobSet(declared, { env, clock, events }) };
  }

  it("lets what was configured with its values follow a change", () => {
    const { set } = make();
    const derived = new Derived(set, (read) => read((knobs: typeof set.values) => knobs.CHAT_LIMIT_MAX * 2));
    expect(derived.value).toBe(40);
    set.set("CHAT_LIMIT_MAX", 30);
    expect(derived.value).toBe(60);
    set.set("CHAT_WINDOW", "5m");
    expect(set.values.CHAT_WINDOW).toBe(300_000);
  });

  it("leaves what can't use a new value as it was, and tells of it once", () => {
    const { set, refused } = make();
    const derived = new Derived(set, (read) =>
      integer(
        read((k: typeof set.values) => k.CHAT_LIMIT_MAX),
        "limit",
        5,
      ),
    );
    set.set("CHAT_LIMIT_MAX", 2);
    expect([derived.value, derived.value]).toEqual([20, 20]);
    expect(refused).toMatchObject([
      { name: "limit", error: { message: "limit: got 2; allowed: a whole number, at least 5" } },
    ]);
    set.set("CHAT_LIMIT_MAX", 6);
    expect(derived.value).toBe(6);
  });

  it("tells the console of it where nobody listens", () => {
    const set = new KnobSet(declared, { env: {}, clock: new ManualClock() });
    const told: unknown[] = [];
    const { error } = console;
    console.error = (...args) => told.push(args[1]);
    try {
      set.refused(new Error("no use"));
    } finally {
      console.error = error;
    }
    expect(told).toEqual([new Error("no use")]);
  });

  it("tells who listens what changed, and nothing where nothing did", () => {
    const { set, changes } = make({ CHAT_LIMIT_MAX: "5" });
    set.set("CHAT_LIMIT_MAX", 7);
    set.set("CHAT_LIMIT_MAX", "7");
    set.clear("CHAT_LIMIT_MAX");
    set.clear("CHAT_LIMIT_MAX");
    set.set("SEARCH_API_KEY", "hunter2");
    expect(changes).toEqual([
      { name: "CHAT_LIMIT_MAX", from: 5, to: 7 },
      { name: "CHAT_LIMIT_MAX", from: 7, to: 5 },
      { name: "SEARCH_API_KEY", from: "[secret]", to: "[secret]" },
    ]);
    expect(set.revision).toBe(3);
  });

  it("says what a value would come to, and changes nothing", () => {
    const { set, changes } = make();
    expect([set.check("CHAT_WINDOW", "2m"), set.values.CHAT_WINDOW, changes]).toEqual([120_000, 60_000, []]);
    expect(() => set.check("CHAT_LIMIT_MAX", "0")).toThrow("at least 1");
    expect(() => set.check("SEARCH_API_KEY", "x1")).toThrow("[secret]");
  });

  it("refuses what the knob does not allow, and leaves everything as it was", () => {
    const { set } = make();
    const before = set.values;
    expect(() => set.set("CHAT_LIMIT_MAX", 0)).toThrow(
      "knob CHAT_LIMIT_MAX: got 0; allowed: a whole number, at least 1, at most 1000",
    );
    expect(() => set.set("SEARCH_API_KEY", "xy")).toThrow(/got "\[secret\]"/);
    expect(() => set.set("toString" as never, 1 as never)).toThrow(/CHAT_LIMIT_MAX \| CHAT_WINDOW/);
    expect(() => set.set("CHAT_LIMIT_MAX", 5, { expiresAt: 0 })).toThrow(/a time in the future/);
    expect([set.values, set.revision]).toEqual([before, 0]);
  });

  it("ends an override when its time is over, without keeping the process alive", async () => {
    const { set, clock, changes } = make();
    set.set("CHAT_LIMIT_MAX", 7, { expiresAt: clock.wall() + 60_000 });
    expect(clock.pending("held")).toBe(0);
    await clock.advance(59_999);
    expect(set.values.CHAT_LIMIT_MAX).toBe(7);
    await clock.advance(1);
    expect(set.values.CHAT_LIMIT_MAX).toBe(20);
    expect(changes).toHaveLength(2);
    expect(clock.pending()).toBe(0);
  });

  it("waits longer where the wall clock was put back meanwhile", async () => {
    const { set, clock } = make();
    set.set("CHAT_LIMIT_MAX", 7, { expiresAt: clock.wall() + 60_000 });
    clock.jumpWall(-30_000);
    await clock.advance(60_000);
    expect(set.values.CHAT_LIMIT_MAX).toBe(7);
    await clock.advance(30_000);
    expect(set.values.CHAT_LIMIT_MAX).toBe(20);
  });

  it("counts only the last override of a knob, and stops waiting when closed", async () => {
    const { set, clock } = make();
    set.set("CHAT_LIMIT_MAX", 7, { expiresAt: clock.wall() + 10 });
    set.set("CHAT_LIMIT_MAX", 8, { expiresAt: clock.wall() + 100 });
    await clock.advance(50);
    expect(set.values.CHAT_LIMIT_MAX).toBe(8);
    set.close();
    expect(clock.pending()).toBe(0);
  });

  it("shows every value in effect and where it comes from, secrets hidden", () => {
    const { set, clock } = make({ CHAT_WINDOW: "30s", SEARCH_API_KEY: "hunter2" });
    const expiresAt = clock.wall() + 1000;
    set.set("CHAT_LIMIT_MAX", 7, { expiresAt });
    expect(set.table().map(({ name, value, source }) => [name, value, source])).toEqual([
      ["CHAT_LIMIT_MAX", 7, "override"],
      ["CHAT_WINDOW", 30_000, "env"],
      ["UPLOAD_SIZE_MAX", 65_536, "default"],
      ["SHADOW_MODE_ON", false, "default"],
      ["SEARCH_API_KEY", "[secret]", "env"],
      ["LOG_LEVEL_NAME", "info", "default"],
    ]);
    expect(set.table()[0]).toMatchObject({ default: 20, kind: "int", expiresAt, describe: "chat turns a minute" });
    expect(set.snapshot()).toMatchObject({ CHAT_LIMIT_MAX: 7, SEARCH_API_KEY: "[secret]" });
    expect(JSON.stringify([set.table(), set.snapshot()])).not.toMatch(/hunter2|k-default/);
  });

  it("shows lists as JSON in the snapshot", () => {
    const set = new KnobSet({ ORIGINS: knob.list({ default: ["a", "b"] }) }, { env: {} });
    expect(set.snapshot()).toEqual({ ORIGINS: '["a","b"]' });
  });
});
