import { describe, expect, it } from "vitest";
import { Events } from "../../core/events.js";
import { runtime } from "../../core/runtime.js";
import { seeded } from "../../core/seeded.js";
import { type Store, StoreFailure } from "../../core/store.js";
import { memoryStore } from "../../stores/memory/memory-store.js";
import { ManualClock } from "../../testing/manual-clock.js";
import { fingerprint } from "./fingerprint.js";
import { Idempotency, type StoredResponse } from "./idempotency.js";
import type { IdempotencyOptions } from "./options.js";

const answer: StoredResponse = {
  status: 201,
  headers: [["content-type", "text/plain"]],
  body: "made",
  bodyEncoding: "utf8",
};

function make(options: IdempotencyOptions<never> = {}, store?: Store) {
  const clock = new ManualClock();
  const events = new Events();
  const told: string[] = [];
  events.onAny((type, event) => told.push("outcome" in event ? `${type} ${event.outcome}` : type));
  const rt = runtime({ clock, events, random: seeded(3), store: store ?? memoryStore({ clock }) });
  return { guard: new Idempotency("orders", options, rt), clock, told };
}

/** Begins and insists on being first. */
async function first(guard: Idempotency, key = "k", print = "f") {
  const begun = await guard.begin(key, print);
  if (begun.outcome !== "first") throw new Error(`began as ${begun.outcome}`);
  return begun.permit;
}

describe("Idempotency", () => {
  it("carries a request out once and gives its answer again", async () => {
    const { guard, told } = make();
    const permit = await first(guard);
    expect(await guard.begin("k", "f")).toMatchObject({ outcome: "in_flight", retryAfterMs: 30_000 });
    expect(await guard.complete(permit, answer)).toBe("stored");
    expect(await guard.begin("k", "f")).toEqual({ outcome: "replay", record: { kind: "response", ...answer } });
    expect(await guard.begin("k", "g")).toEqual({ outcome: "mismatch" });
    expect(guard.snapshot()).toEqual({
      first: 1,
      replayed: 1,
      inFlight: 1,
      mismatch: 1,
      unknown: 0,
      lost: 0,
      failed: 0,
    });
    expect(told).toEqual(["first", "in_flight", "replayed", "mismatch"].map((o) => `idempotency.settled ${o}`));
  });

  it("forgets a request that was refused before it did anything", async () => {
    const { guard } = make();
    expect(await guard.release(await first(guard))).toBe("released");
    expect(await guard.begin("k", "other")).toMatchObject({ outcome: "first" });
  });

  it("never runs again what may have happened, unless it is told to", async () => {
    const { guard, clock } = make();
    await first(guard);
    await clock.advance(30_000);
    expect(await guard.begin("k", "f")).toEqual({ outcome: "unknown" });
    const resuming = make({ onLeaseExpired: "resume" });
    await first(resuming.guard);
    await resuming.clock.advance(30_000);
    expect(await resuming.guard.begin("k", "f")).toMatchObject({ outcome: "first", resumed: true });
  });

  it("keeps a lease alive for as long as the request runs", async () => {
    const { guard, clock } = make({ lease: "10s" });
    const permit = await first(guard);
    const stop = guard.renewing(permit);
    await clock.advance(60_000);
    expect(await guard.begin("k", "f")).toMatchObject({ outcome: "in_flight" });
    stop();
    await clock.advance(10_000);
    expect(await guard.begin("k", "f")).toEqual({ outcome: "unknown" });
    expect(clock.pending("held")).toBe(0);
  });

  it("keeps nothing of an answer that comes after another has taken over", async () => {
    const { guard, clock } = make({ onLeaseExpired: "rerun" });
    const stale = await first(guard);
    await clock.advance(30_000);
    const fresh = await first(guard);
    expect(await guard.complete(stale, { ...answer, body: "stale" })).toBe("lost");
    expect(await guard.complete(fresh, answer)).toBe("stored");
    expect(await guard.begin("k", "f")).toMatchObject({ record: { body: "made" } });
    expect(guard.snapshot().lost).toBe(1);
  });

  it("keeps only a digest of an answer that is too large", async () => {
    const { guard } = make({ maxBytes: "4b" });
    await guard.complete(await first(guard), { ...answer, body: "größer" });
    expect(await guard.begin("k", "f")).toEqual({
      outcome: "replay",
      record: { kind: "digest", status: 201, sha256: expect.stringMatching(/^[0-9a-f]{64}$/), bytes: 8 },
    });
  });

  it("says so when its store can't say", async () => {
    const failing = { ...memoryStore(), open: () => ({ step: () => new StoreFailure("unavailable", "no") }) };
    const { guard, told } = make({}, failing as unknown as Store);
    expect(await guard.begin("k", "f")).toMatchObject({ outcome: "failed", failure: { reason: "unavailable" } });
    expect(await guard.complete({ key: "k", fence: 1 }, answer)).toBeInstanceOf(StoreFailure);
    expect([guard.snapshot().failed, told]).toEqual([2, ["store.failure", "store.failure"]]);
  });

  it("needs a store when it is used, and refuses wrong options when it is made", () => {
    expect(() => new Idempotency("orders").begin("k", "f")).toThrow(/idempotency:orders has no store/);
    expect(() => make({ ttl: "1s" })).toThrow(/idempotency\("orders"\)\.ttl: got "1s"/);
    expect(() => make({ onLeaseExpired: "maybe" as never })).toThrow(/onLeaseExpired/);
    expect(() => make({ leese: 1 } as never)).toThrow(/leese/);
  });
});

describe("fingerprint", () => {
  const parts = {
    method: "POST",
    path: "/a",
    query: "x=1&y=2",
    contentType: "application/json",
    body: new Uint8Array([1]),
  };

  it("is the same for the same request, whatever the order of its query", async () => {
    expect(await fingerprint({ ...parts, query: "y=2&x=1" })).toBe(await fingerprint(parts));
    expect(await fingerprint(parts)).toMatch(/^[0-9a-f]{64}$/);
  });

  it("is another when any part is", async () => {
    const others = [
      { method: "PUT" },
      { path: "/b" },
      { query: "x=1" },
      { contentType: null },
      { body: new Uint8Array([2]) },
    ];
    const prints = await Promise.all([parts, ...others.map((other) => ({ ...parts, ...other }))].map(fingerprint));
    expect(new Set(prints).size).toBe(prints.length);
  });
});
