import { describe, expect, it } from "vitest";
import { perCall } from "./binding.js";
import { systemClock } from "./clock.js";
import { Derived, runtime } from "./runtime.js";

describe("a runtime", () => {
  it("is the machine's where nothing else is said", () => {
    const rt = runtime();
    expect([rt.clock, rt.random, rt.store, rt.service]).toEqual([systemClock, Math.random, undefined, "service"]);
    expect(runtime().events).not.toBe(rt.events);
  });
});

describe("what is derived from knobs", () => {
  it("is made once for each change, and only when it is asked for", () => {
    const knobs = { values: { N: 1 }, revision: 0 };
    let builds = 0;
    const derived = new Derived(knobs, (read) => {
      builds++;
      return read((k: { N: number }) => k.N) + read(10);
    });
    expect([derived.value, derived.value, builds]).toEqual([11, 11, 1]);
    knobs.values = { N: 5 };
    knobs.revision += 3;
    expect(builds).toBe(1);
    expect([derived.value, derived.value, builds]).toEqual([15, 15, 2]);
  });

  it("throws at once when it is made of a bad value", () => {
    const knobs = { values: {}, revision: 0 };
    const make = () =>
      new Derived(knobs, () => {
        throw new TypeError("bad");
      });
    expect(make).toThrow("bad");
  });
});

describe("a store for each call", () => {
  it("says what to do where it is used before it is bound", () => {
    const store = perCall();
    expect([store.capability, store.kind]).toEqual(["none", "per-call"]);
    expect(() => store.open).toThrow(/kit\.using\(store\)\.use\(definition\) there \(wanted: open\)/);
  });
});
