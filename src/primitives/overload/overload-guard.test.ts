import { describe, expect, it } from "vitest";
import { ConfigError } from "../../core/config.js";
import { type EventMap, Events } from "../../core/events.js";
import type { LoopDelaySource } from "../../core/front-door.js";
import { runtime } from "../../core/runtime.js";
import { seeded } from "../../core/seeded.js";
import { ManualClock } from "../../testing/manual-clock.js";
import type { OverloadOptions } from "./options.js";
import { OverloadGuard } from "./overload-guard.js";

function guarded(options?: OverloadOptions<never>) {
  const clock = new ManualClock();
  const events = new Events();
  const shed: EventMap["overload.shed"][] = [];
  const levers: EventMap["overload.lever"][] = [];
  events.on("overload.shed", (event) => void shed.push(event));
  events.on("overload.lever", (event) => void levers.push(event));
  const loop = { lateMs: 0, stopped: false, heard: (_now: number, _lateMs: number): void => undefined };
  const source: LoopDelaySource = (_, heard) => {
    loop.heard = heard;
    const stop = () => {
      loop.stopped = true;
    };
    return { lateMs: () => loop.lateMs, stop };
  };
  const given = options === undefined ? undefined : { loop: source, ...options };
  const guard = new OverloadGuard("shop", given, runtime({ clock, events, random: seeded(3) }));
  const ask = (priority: "critical" | "high" | "normal" | "low", waitedMs?: number) =>
    guard.gate(priority, priority).enter(clock.monotonic(), waitedMs);
  return { clock, guard, ask, shed, levers, loop };
}

describe("shedding by hand", () => {
  it("refuses everything below a priority until told otherwise, with or without options", () => {
    for (const options of [undefined, {}]) {
      const { guard, ask, levers } = guarded(options);
      const refused = () => (["critical", "high", "normal", "low"] as const).filter((one) => ask(one) !== undefined);
      expect(refused()).toEqual([]);
      guard.shedBelow("high");
      expect(refused()).toEqual(["normal", "low"]);
      expect(guard.snapshot()).toMatchObject({ shedBelow: "high", admits: { high: 1, normal: 0, low: 0 } });
      guard.shedBelow("critical");
      expect(refused()).toEqual(["high", "normal", "low"]);
      guard.shedBelow(null);
      expect(refused()).toEqual([]);
      expect(levers.map(({ from, to }) => [from, to])).toEqual([
        [null, "high"],
        ["high", "critical"],
        ["critical", null],
      ]);
      expect(guard.snapshot()).toMatchObject({ shedBelow: null, reasons: { manual: 5 }, shed: { high: 1, low: 2 } });
    }
  });

  it("takes nothing but a priority", () => {
    const { guard } = guarded();
    expect(() => guard.shedBelow("urgent" as never)).toThrow(ConfigError);
    expect(() => guard.gate("a", "urgent" as never)).toThrow(ConfigError);
  });
});

describe("an overload guard", () => {
  it("refuses while the event loop is late, and tells when to come back: not all at once", () => {
    const { ask, loop, guard } = guarded({ retryAfter: "2s" });
    loop.lateMs = 101;
    const waits = Array.from({ length: 200 }, () => ask("normal") ?? 0);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(2000);
    expect(Math.max(...waits)).toBeLessThan(6000);
    expect(new Set(waits.map((ms) => Math.ceil(ms / 1000))).size).toBeGreaterThan(2);
    expect(guard.snapshot()).toMatchObject({ admitted: 0, inFlight: 0, reasons: { loop: 200 }, shed: { normal: 200 } });
  });

  it("goes by how long a request really waited where that is known", () => {
    const { ask, loop } = guarded({});
    loop.lateMs = 1000;
    expect(ask("normal", 0)).toBe(undefined);
    loop.lateMs = 0;
    expect(ask("normal", 101)).toBeGreaterThan(0);
  });

  it("lets no more than its limit in, and again when one has left", () => {
    const { ask, guard, clock } = guarded({ minLimit: 2, initialLimit: 3, maxLimit: 3 });
    expect([ask("normal"), ask("normal"), ask("normal")]).toEqual([undefined, undefined, undefined]);
    expect(ask("normal")).toBeGreaterThan(0);
    guard.gate("normal", "normal").leave(clock.monotonic(), 5);
    expect(ask("normal")).toBe(undefined);
    expect(guard.snapshot()).toMatchObject({ limit: 3, inFlight: 3, admitted: 4, reasons: { limit: 1 } });
  });

  it("follows its knobs", () => {
    const knobs = { values: { MAX: 1 }, revision: 0 };
    const clock = new ManualClock();
    const guard = new OverloadGuard(
      "shop",
      { minLimit: 1, maxLimit: (k: { MAX: number }) => k.MAX },
      runtime({ clock, knobs }),
    );
    const gate = guard.gate("a", "normal");
    expect([gate.enter(0), typeof gate.enter(0)]).toEqual([undefined, "number"]);
    knobs.values = { MAX: 500 };
    knobs.revision++;
    clock.tick(100);
    gate.enter(clock.monotonic());
    expect(guard.snapshot()).toMatchObject({ limit: 5, config: { maxLimit: 500, initialLimit: 100 } });
  });

  it("tells what it sheds once a second at most, and all of it in the end", () => {
    const { ask, loop, shed, clock, guard } = guarded({});
    loop.lateMs = 500;
    for (let i = 0; i < 250; i++) {
      ask(i % 2 === 0 ? "low" : "normal");
      clock.tick(10);
    }
    expect(shed.length).toBe(3);
    guard.close();
    const { low, normal } = guard.snapshot().shed;
    expect([low, normal]).toEqual([125, 125]);
    expect(shed.reduce((sum, event) => sum + event.shed.low + event.shed.normal, 0)).toBe(250);
    expect(shed[0]).toMatchObject({
      name: "shop",
      reasons: { loop: 1, limit: 0 },
      limit: 100,
      inFlight: 0,
      loopDelayMs: 0,
    });
    expect(loop.stopped).toBe(true);
  });

  it("has one gate for one name and priority", () => {
    const { guard } = guarded({});
    expect(guard.gate("a", "normal")).toBe(guard.gate("a", "normal"));
    expect(guard.gate("a", "normal")).not.toBe(guard.gate("b", "normal"));
  });

  it.each([
    [{ targetDelay: 0 }, 'overload("shop").targetDelay'],
    [{ targetDelay: "200ms", interval: "100ms" }, 'overload("shop").interval'],
    [{ minLimit: 0 }, 'overload("shop").minLimit'],
    [{ maxLimit: 10, minLimit: 11 }, 'overload("shop").minLimit'],
    [{ initialLimit: 5 }, 'overload("shop").initialLimit'],
    [{ tolerance: 1 }, 'overload("shop").tolerance'],
    [{ retryAfter: "soon" }, 'overload("shop").retryAfter'],
    [{ loop: 10 }, 'overload("shop").loop'],
    [{ limit: 10 }, 'overload("shop").limit'],
  ])("refuses %j, naming the option", (options, option) => {
    const make = () => new OverloadGuard("shop", options as never, runtime());
    expect(make).toThrow(expect.objectContaining({ name: "ConfigError", option }));
  });
});
