import { describe, expect, it } from "vitest";
import { type EventMap, Events } from "../../core/events.js";
import { seeded } from "../../core/seeded.js";
import type { Store } from "../../core/store.js";
import { ManualClock } from "../../testing/manual-clock.js";
import { SliWindows } from "../sli-windows.js";
import { objectivesOf } from "./objective.js";
import type { Slo } from "./slo.js";
import { SloWatch } from "./slo-watch.js";

const MINUTE = 60_000;
const slo: Slo = { objective: 0.999, owner: "chat-team", runbook: "docs/runbooks/chat.md" };

type Told = readonly ["alert.firing" | "alert.resolved", minute: number, EventMap["alert.firing"]];

function bench(more: Partial<Slo> = {}, store?: Store, clock = new ManualClock()) {
  const events = new Events();
  const slis = new SliWindows(clock);
  const watch = new SloWatch({ clock, events, random: seeded(3), slis, store });
  watch.add(objectivesOf("endpoint", "chat", { ...slo, ...more }, "slo"));
  const sli = slis.recorder("endpoint", "chat");
  const told: Told[] = [];
  const startedAt = clock.wall();
  const minutes = () => (clock.wall() - startedAt) / MINUTE;
  for (const type of ["alert.firing", "alert.resolved"] as const)
    events.on(type, (event) => void told.push([type, minutes(), event]));
  /** So many calls every ten seconds, of which so many are bad. */
  const serve = async (forMinutes: number, calls: number, bad: number, latencyMs = 20) => {
    for (let tenth = 0; tenth < forMinutes * 6; tenth++) {
      for (let i = 0; i < calls; i++) sli.record(i < bad, latencyMs);
      await clock.advance(10_000);
    }
  };
  const alerts = (id = "endpoint:chat") => watch.snapshot()[id]?.alerts ?? [];
  return { clock, watch, sli, told, serve, minutes, alerts };
}

/** The first page's events. */
const page = (told: readonly Told[]) => told.filter(([, , { id }]) => id === "endpoint:chat:page:3600");

describe("SloWatch", () => {
  it("pages on 2 % of bad calls when the workbook says so, and is over soon after they are", async () => {
    const { told, serve, minutes, alerts } = bench();
    await serve(120, 100, 0);
    const began = minutes();
    await serve(60, 100, 2);
    const ended = minutes();
    await serve(30, 100, 0);
    const [firing, resolved, ...more] = page(told);
    expect(more).toEqual([]);
    // The detection time of its table 5-8: objective's rest × long window × threshold / error rate.
    const detection = (0.001 * 60 * 14.4) / 0.02;
    expect(firing?.[0]).toBe("alert.firing");
    expect((firing?.[1] ?? 0) - began).toBeGreaterThan(detection - 1);
    expect((firing?.[1] ?? 0) - began).toBeLessThan(detection + 2);
    expect(resolved?.[0]).toBe("alert.resolved");
    // The short window needs two minutes to fall below, and the alert is held for five more.
    expect((resolved?.[1] ?? 0) - ended).toBeGreaterThan(5);
    expect((resolved?.[1] ?? 0) - ended).toBeLessThan(10);
    expect(alerts()[0]).toMatchObject({ state: "ok", partial: false, severity: "page", longSec: 3600, shortSec: 300 });
  });

  it("says what fires, how much is left, and whose it is", async () => {
    const { told, serve, clock } = bench();
    await serve(10, 100, 100);
    const [, , event] = told[0] ?? [];
    expect(event).toEqual({
      name: "chat",
      id: "endpoint:chat:page:3600",
      sli: "endpoint:chat",
      severity: "page",
      burnRate: 1000,
      longSec: 3600,
      shortSec: 300,
      threshold: 14.4,
      budgetLeft: -999,
      owner: "chat-team",
      runbook: "docs/runbooks/chat.md",
    });
    expect(clock.pending("held")).toBe(0);
  });

  it("pages within two minutes for a service that fails from its first call, and says that it saw little", async () => {
    const { told, serve, alerts } = bench();
    await serve(3, 100, 100);
    expect(page(told)[0]?.[1]).toBeLessThan(2.1);
    expect(alerts()[0]).toMatchObject({ state: "firing", partial: true });
  });

  it("fires never on a few calls, though all of them are bad, and says that it can't tell", async () => {
    const { told, serve, alerts } = bench();
    await serve(59, 1, 1);
    expect(told).toEqual([]);
    expect(alerts().map(({ state }) => state)).toEqual(Array(4).fill("inconclusive"));
  });

  it("goes on firing while nobody calls, until the long window has forgotten", async () => {
    const { told, serve, clock } = bench();
    await serve(30, 100, 50);
    expect(page(told)).toHaveLength(1);
    await clock.advance(50 * MINUTE);
    expect(page(told)).toHaveLength(1);
    await clock.advance(60 * MINUTE);
    expect(page(told).map(([type]) => type)).toEqual(["alert.firing", "alert.resolved"]);
    expect(page(told)[1]?.[2].burnRate).toBeNull();
  });

  it("is one alert for what fails every other minute", async () => {
    const { told, serve } = bench();
    for (let i = 0; i < 60; i++) await serve(1, 100, i % 2 ? 4 : 0);
    expect(page(told)).toHaveLength(1);
  });

  it("opens a ticket for a slow burn, and wakes nobody", async () => {
    const ticket = { severity: "ticket", threshold: 1, long: "3d", short: "6h" } as const;
    const { told, serve } = bench({
      alerts: [ticket, { severity: "page", threshold: 14.4, long: "1h", short: "5m" }],
    });
    await serve(3 * 60, 500, 1);
    expect(told.map(([type, , { id }]) => [type, id])).toEqual([["alert.firing", "endpoint:chat:ticket:259200"]]);
  });

  it("counts slow calls for an objective of latency, however they end", async () => {
    const { told, serve, watch } = bench({ latency: { within: "800ms", objective: 0.95 } });
    await serve(10, 100, 0, 820);
    expect(told).toEqual([]);
    await serve(60, 100, 0, 840);
    expect(told.map(([, , { id }]) => id)).toContain("endpoint:chat:latency:page:3600");
    expect(told.filter(([, , { sli }]) => sli === "endpoint:chat")).toEqual([]);
    const { "endpoint:chat": failures, "endpoint:chat:latency": latency } = watch.snapshot();
    expect([failures?.withinMs, failures?.budgetLeft]).toEqual([null, 1]);
    // What was asked for, up to the next edge of the histogram.
    expect(latency?.withinMs).toBe(832);
    expect(latency?.budgetLeft).toBeLessThan(0);
    expect(latency?.burnRates.find(({ sec }) => sec === 300)).toMatchObject({ burnRate: 20, coveredSec: 300 });
  });

  it("has no alarm before the first call, one background alarm after, and none once it is closed", async () => {
    const { clock, watch, sli } = bench();
    expect(clock.pending()).toBe(0);
    sli.record(false, 1);
    // The minute's and this one.
    expect(clock.pending("background")).toBe(2);
    await clock.advance(10 * MINUTE);
    expect(clock.pending()).toBe(1);
    await watch.close();
    expect(clock.pending()).toBe(0);
  });

  it("judges when it is looked at, too", async () => {
    const { watch, sli, told, alerts } = bench();
    for (let i = 0; i < 1000; i++) sli.record(true, 1);
    expect(told).toEqual([]);
    await watch.look();
    expect(page(told)).toHaveLength(1);
    expect(alerts()[0]?.state).toBe("firing");
  });

  it("forgets a budget's calls after 30 days, and none before", async () => {
    const { watch, sli, clock } = bench({ alerts: [] });
    const left = async () => {
      await watch.look();
      return watch.snapshot()["endpoint:chat"]?.budgetLeft;
    };
    for (let i = 0; i < 10_000; i++) sli.record(i < 5, 1);
    await watch.look();
    clock.tick(29 * 24 * 60 * MINUTE);
    expect(await left()).toBe(0.5);
    clock.tick(2 * 24 * 60 * MINUTE);
    expect(await left()).toBeNull();
  });
});
