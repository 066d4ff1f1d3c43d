import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { knob } from "../../boundary/knobs/knob.js";
import { seeded } from "../../core/seeded.js";
import type { Store } from "../../core/store.js";
import { cacheEntryKernel } from "../../kernel/cache/entry.js";
import { FleetStore } from "../../primitives/fleet-store.fixture.js";
import { memoryStore } from "../../stores/memory/memory-store.js";
import { ManualClock } from "../../testing/manual-clock.js";
import { createKit } from "../kit.js";

const EVERY = 5_000;
const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

/** One process of a service. */
function processOf(clock: ManualClock, store: Store<"act", undefined>, seed: number) {
  const kit = createKit({
    service: "shop",
    store,
    clock,
    random: seeded(seed),
    env: {},
    knobs: { CHAT_MAX: knob.int({ default: 20 }) },
  });
  open.push(kit);
  const told: string[] = [];
  for (const type of ["lever.pulled", "lever.released", "lever.expired", "lever.failed"] as const)
    kit.events.on(type, ({ lever }) => told.push(`${type} ${lever}`));
  const serper = kit.upstream("serper", { breaker: {}, bulkhead: { maxConcurrent: 4 } });
  const pages = kit.cache<string>("pages", { ttl: "1h" });
  return { kit, told, serper, pages };
}

/** Three processes, each with a way of its own to one store; nothing tells them: they have to look. */
function fleet() {
  const clock = new ManualClock();
  const shared = memoryStore({ clock });
  const start = (seed: number) => {
    const store = new FleetStore(shared, clock);
    return { ...processOf(clock, store, seed), store };
  };
  const all = [start(1), start(2), start(3)] as const;
  const states = () => all.map(({ serper }) => serper.state());
  const isolate = (i: 0 | 1 | 2, expiresIn: "1m" | "10m" = "1m") =>
    all[i].kit.levers.pull({ lever: "breaker.isolate", target: "serper", by: `op${i}`, reason: "it fails", expiresIn });
  return { clock, shared, start, all, states, isolate };
}
const three = (state: string) => [state, state, state];

describe("levers of several processes", () => {
  it("act in all of them within the interval, end in all of them, and are told once", async () => {
    const { clock, all, states, isolate } = fleet();
    const entry = await isolate(0);
    expect(states()).toEqual(["isolated", "closed", "closed"]);
    await clock.advance(EVERY);
    expect(states()).toEqual(three("isolated"));
    expect((await all[2].kit.snapshot()).levers).toEqual([entry]);
    await clock.advance(60_000 - EVERY);
    expect(states()).toEqual(three("closed"));
    await clock.advance(2 * EVERY);
    const told = all.flatMap((one) => one.told);
    expect(told.sort()).toEqual(["lever.expired breaker.isolate", "lever.pulled breaker.isolate"]);
    expect((await all[1].kit.levers.audit()).map(({ action, by }) => `${action} ${by}`)).toEqual([
      "expired op0",
      "pulled op0",
    ]);
  });

  it("are taken back from any of them", async () => {
    const { clock, all, states, isolate } = fleet();
    const { id } = await isolate(0);
    await clock.advance(EVERY);
    await all[1].kit.levers.release(id, { by: "bob", reason: "it is well" });
    await clock.advance(EVERY);
    expect(states()).toEqual(three("closed"));
    expect(await all[0].kit.levers.active()).toEqual([]);
  });

  it("reach who starts later, but for what acted once before", async () => {
    const { clock, start, all, isolate } = fleet();
    await isolate(0);
    await all[0].kit.levers.pull({ lever: "cache.clear", target: "pages", by: "ann", reason: "wrong prices" });
    await clock.advance(10_000);
    const late = start(4);
    await clock.advance(0);
    expect(late.serper.state()).toBe("isolated");
    expect(late.pages.snapshot().cleared).toBe(0);
    expect(all[1].pages.snapshot().cleared).toBe(1);
    // What is defined later, in a module that is loaded later, is reached, too.
    await late.kit.levers.pull({
      lever: "knob.set",
      target: "CHAT_MAX",
      args: { value: "7" },
      by: "ann",
      reason: "too many",
    });
    await clock.advance(EVERY);
    expect(all.map(({ kit }) => kit.knobs.CHAT_MAX)).toEqual([7, 7, 7]);
  });

  it("stay as they are while the store is away, end when they are to, and go on when it is back", async () => {
    const { clock, all, states, isolate } = fleet();
    await isolate(0, "1m");
    await clock.advance(EVERY);
    for (const [i, line] of (["refused", "rejects", "mute"] as const).entries())
      (all[i] as (typeof all)[0]).store.line = line;
    await clock.advance(30_000);
    expect(states()).toEqual(three("isolated"));
    await expect(isolate(0)).rejects.toMatchObject({ code: "unavailable" });
    expect((await all[0].kit.levers.active()).length).toBe(1);
    await clock.advance(30_000);
    expect(states()).toEqual(three("closed"));
    expect(all.flatMap(({ told }) => told)).toEqual(["lever.pulled breaker.isolate"]);
    for (const { store } of all) store.line = "fine";
    await clock.advance(3 * EVERY);
    expect(all.flatMap(({ told }) => told).filter((one) => one.startsWith("lever.expired"))).toHaveLength(1);
    expect((await all[0].kit.levers.audit()).map(({ action }) => action)).toEqual(["expired", "pulled"]);
  });

  it("lose nothing when several operators act at once: the last one wins, in all", async () => {
    const { clock, all, states } = fleet();
    for (const { store } of all) store.tripMs = 15;
    const pulls = all.map(({ kit }, i) =>
      kit.levers.pull({
        lever: (["breaker.isolate", "breaker.disable", "breaker.isolate"] as const)[i] as "breaker.isolate",
        target: "serper",
        by: `op${i}`,
        reason: "it fails",
      }),
    );
    await clock.advance(EVERY);
    await Promise.all(pulls);
    await clock.advance(2 * EVERY);
    for (const { store } of all) store.tripMs = 0;
    const [audit, active] = [await all[0].kit.levers.audit(), await all[0].kit.levers.active()];
    expect(audit.filter(({ action }) => action === "pulled")).toHaveLength(3);
    expect(audit.filter(({ action }) => action === "superseded")).toHaveLength(2);
    expect(active).toHaveLength(1);
    expect(states()).toEqual(three(active[0]?.lever === "breaker.disable" ? "disabled" : "isolated"));
  });

  it("are forgotten with a store that was emptied, and can be pulled again", async () => {
    const { clock, shared, all, states, isolate } = fleet();
    await isolate(0, "10m");
    await clock.advance(EVERY);
    shared.open(cacheEntryKernel, "shop:levers").step("ledger", { leaseMs: 1 }, { op: "delete", epoch: 1 });
    await clock.advance(EVERY);
    expect(states()).toEqual(three("closed"));
    await isolate(1, "10m");
    await clock.advance(EVERY);
    expect(states()).toEqual(three("isolated"));
    expect(all.flatMap(({ told }) => told)).not.toContain("lever.failed breaker.isolate");
  });

  it("act at once where the store tells", async () => {
    const clock = new ManualClock();
    const store = memoryStore({ clock });
    const [one, two] = [processOf(clock, store, 1), processOf(clock, store, 2)];
    await clock.advance(0);
    await one.kit.levers.pull({ lever: "bulkhead.resize", target: "serper", args: { slots: 2 }, by: "a", reason: "b" });
    await clock.advance(0);
    expect(two.serper.bulkhead?.snapshot().limit).toBe(2);
  });

  it("end in the store what they did there, though who pulled it has gone", async () => {
    const clock = new ManualClock();
    const store = memoryStore({ clock });
    const made = (seed: number) => {
      const kit = createKit({ service: "shop", store, clock, random: seeded(seed) });
      open.push(kit);
      return { kit, tools: kit.queue("tools", { jobs: { search: kit.job({ input: z.string(), run: () => 1 }) } }) };
    };
    const first = made(1);
    await first.kit.levers.pull({
      lever: "queue.pause",
      target: "tools/search",
      by: "a",
      reason: "b",
      expiresIn: "1m",
    });
    await first.kit.close();
    await clock.advance(120_000);
    const second = made(2);
    // One that knows nothing of queues leaves it to others.
    open.push(createKit({ service: "shop", store, clock, random: seeded(3) }));
    await clock.advance(EVERY);
    expect((await second.tools.stats()).search.paused).toBe(false);
  });

  it("have nothing running once a kit is closed", async () => {
    const clock = new ManualClock();
    const shared = memoryStore({ clock });
    const { kit } = processOf(clock, new FleetStore(shared, clock), 1);
    await kit.levers.pull({ lever: "breaker.isolate", target: "serper", by: "a", reason: "b" });
    await kit.close();
    shared.close();
    expect(clock.pending()).toBe(0);
  });
});
