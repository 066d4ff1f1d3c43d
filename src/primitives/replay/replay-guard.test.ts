import { describe, expect, it } from "vitest";
import { Events } from "../../core/events.js";
import { runtime } from "../../core/runtime.js";
import { seeded } from "../../core/seeded.js";
import { type Store, StoreFailure } from "../../core/store.js";
import { memoryStore } from "../../stores/memory/memory-store.js";
import { ManualClock, settled } from "../../testing/manual-clock.js";
import type { ReplayGuardOptions } from "./options.js";
import { ReplayGuard } from "./replay-guard.js";

function make(options: ReplayGuardOptions<never> = {}, store?: Store) {
  const clock = new ManualClock();
  const rt = runtime({ clock, random: seeded(5), store: store ?? memoryStore({ clock }) });
  return { guard: new ReplayGuard("hooks", options, rt), clock };
}

async function claim(guard: ReplayGuard, id = "1") {
  const claimed = await guard.claim("meta", id);
  if (claimed.outcome !== "first") throw new Error(`claimed as ${claimed.outcome}`);
  return claimed.permit;
}

describe("ReplayGuard", () => {
  it("lets an item be handled once, and knows it again for its time", async () => {
    const { guard, clock } = make({ ttl: "1h" });
    const permit = await claim(guard);
    expect(await guard.claim("meta", "1")).toMatchObject({ outcome: "in_flight", retryAfterMs: 60_000 });
    expect(await guard.done(permit)).toBe("done");
    await clock.advance(3_599_999);
    expect(await guard.claim("meta", "1")).toEqual({ outcome: "duplicate" });
    await clock.advance(1);
    expect(await guard.claim("meta", "1")).toMatchObject({ outcome: "first" });
  });

  it("tells what comes of each item", async () => {
    const clock = new ManualClock();
    const events = new Events();
    const told: string[] = [];
    events.on("replay.settled", ({ source, id, outcome }) => told.push(`${source} ${id} ${outcome}`));
    const guard = new ReplayGuard("hooks", {}, runtime({ clock, events, store: memoryStore({ clock }) }));
    await guard.each(
      "meta",
      ["a", "b", "a"],
      (id) => id,
      (id) => (id === "b" ? Promise.reject(new Error("broken")) : undefined),
    );
    expect(told).toEqual(["meta a first", "meta a done", "meta b first", "meta b released", "meta a duplicate"]);
  });

  it("takes no source and id for another pair", async () => {
    const { guard } = make();
    await claim(guard, "a:1");
    expect(await guard.claim("meta:a", "1")).toMatchObject({ outcome: "first" });
    expect(await guard.claim("other", "a:1")).toMatchObject({ outcome: "first" });
  });

  it("lets an item be handled again whose handling failed", async () => {
    const { guard } = make();
    await expect(guard.once("meta", "1", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await guard.once("meta", "1", () => "yes")).toEqual({ outcome: "done", value: "yes" });
    expect(await guard.once("meta", "1", () => "again")).toEqual({ outcome: "duplicate" });
  });

  it("claims each item of a batch by itself", async () => {
    const { guard } = make();
    await guard.once("meta", "a", () => 1);
    const handled: string[] = [];
    const outcomes = await guard.each(
      "meta",
      ["a", "b", "c", "b", "d"],
      (id) => id,
      (id) => {
        if (id === "c") throw new Error("broken");
        handled.push(id);
      },
    );
    expect(handled).toEqual(["b", "d"]);
    expect(outcomes.map(({ id, outcome }) => `${id} ${outcome}`)).toEqual([
      "a duplicate",
      "b done",
      "c failed",
      "b duplicate",
      "d done",
    ]);
    expect(outcomes[2]?.error).toEqual(new Error("broken"));
    expect(guard.snapshot()).toEqual({ first: 4, duplicate: 2, inFlight: 0, lost: 0, failed: 0 });
  });

  it("keeps an item that takes long, and gives up one whose handler is gone", async () => {
    const { guard, clock } = make({ lease: "10s" });
    let finish: () => void = () => undefined;
    const slow = guard.once(
      "meta",
      "slow",
      () =>
        new Promise<void>((resolve) => {
          finish = resolve;
        }),
    );
    await settled();
    await clock.advance(60_000);
    expect(await guard.claim("meta", "slow")).toMatchObject({ outcome: "in_flight" });
    finish();
    expect(await slow).toEqual({ outcome: "done", value: undefined });
    expect(clock.pending("held")).toBe(0);

    const gone = await claim(guard, "gone");
    await clock.advance(10_000);
    const fresh = await claim(guard, "gone");
    expect([await guard.done(gone), await guard.done(fresh)]).toEqual(["lost", "done"]);
  });

  it("leaves what may have been handled alone, where it is told to", async () => {
    const { guard, clock } = make({ lease: "10s", onLeaseExpired: "unknown" });
    await claim(guard);
    await clock.advance(10_000);
    expect(await guard.claim("meta", "1")).toEqual({ outcome: "in_flight", retryAfterMs: 10_000 });
  });

  it("handles nothing while its store can't say", async () => {
    const failing = { ...memoryStore(), open: () => ({ step: () => new StoreFailure("timeout", "unknown") }) };
    const { guard } = make({}, failing as unknown as Store);
    let handled = 0;
    await expect(guard.once("meta", "1", () => handled++)).rejects.toMatchObject({ code: "unavailable" });
    expect(await guard.each("meta", ["1"], String, () => handled++)).toMatchObject([{ outcome: "failed" }]);
    expect(handled).toBe(0);
  });

  it("refuses wrong options", () => {
    expect(() => make({ ttl: "1s", lease: "2s" })).toThrow(/replayGuard\("hooks"\)\.ttl: got "1s"/);
    expect(() => make({ onLeaseExpired: "resume" as never })).toThrow(/"rerun" \| "unknown"/);
  });
});
