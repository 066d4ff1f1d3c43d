import { afterEach, describe, expect, it } from "vitest";
import { perCall } from "../core/binding.js";
import { FleetStore } from "../primitives/fleet-store.fixture.js";
import { snapshotSchema } from "../schema.js";
import { memoryStore } from "../stores/memory/memory-store.js";
import { ManualClock } from "../testing/manual-clock.js";
import { chatProcess, slo } from "./alerts.fixture.js";
import { createKit } from "./kit.js";

const MINUTE = 60_000;
type Process = ReturnType<typeof chatProcess>;

const open: Process[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map(({ kit }) => kit.close({ drain: "1ms" })));
});

/** Three processes of one service, each with a way of its own to the store. */
function fleet() {
  const clock = new ManualClock();
  const shared = memoryStore({ clock });
  const lines = [1, 2, 3].map(() => new FleetStore(shared, clock));
  const processes = lines.map((store, i) => chatProcess(clock, i + 1, { store }));
  open.push(...processes);
  const serve = async (minutes: number, calls: number, fine: boolean) => {
    for (let minute = 0; minute < minutes; minute++) {
      for (const each of processes) await each.serve(calls, fine);
      await clock.advance(MINUTE);
    }
  };
  const told = () => processes.flatMap(({ told }) => told.map(({ type, event }) => `${type} ${event.id}`));
  const pages = () => told().filter((one) => one.endsWith(":page:3600"));
  return { clock, shared, lines, processes, serve, pages };
}

describe("objectives of a service", () => {
  it("page once where no process alone has calls enough, and are over once", async () => {
    const { processes, serve, pages } = fleet();
    // 30 calls each: 70 are needed.
    await serve(2, 15, false);
    await serve(1, 0, false);
    expect(pages()).toEqual(["alert.firing endpoint:chat:page:3600"]);
    for (const each of processes) {
      expect(await each.objective()).toMatchObject({ view: "service", storeFailure: null, budgetLeft: -99 });
      expect((await each.objective())?.alerts[0]).toMatchObject({ state: "firing" });
    }
    await serve(60, 15, true);
    await serve(15, 15, true);
    expect(pages()).toEqual(["alert.firing endpoint:chat:page:3600", "alert.resolved endpoint:chat:page:3600"]);
  });

  it("page nobody where each process is judged by its own calls, and has too few", async () => {
    const clock = new ManualClock();
    const store = memoryStore({ clock });
    const processes = [1, 2, 3].map((seed) => chatProcess(clock, seed, { store, sloScope: "process" }));
    open.push(...processes);
    for (const each of processes) await each.serve(30, false);
    await clock.advance(2 * MINUTE);
    expect(processes.flatMap(({ told }) => told)).toEqual([]);
    expect(await processes[0]?.objective()).toMatchObject({ view: "process", storeFailure: null });
  });

  it("ask the store once a minute, however many calls there are", async () => {
    const { lines, processes, clock } = fleet();
    await processes[0]?.serve(500, true);
    await clock.advance(5 * MINUTE);
    const [line] = lines;
    const before = line?.asked.length ?? 0;
    await processes[0]?.serve(500, true);
    expect(line?.asked.length).toBe(before);
    await clock.advance(MINUTE);
    // This hour, this day, four alerts. (At most once more each: an hour and a day that are just over.)
    expect((line?.asked.length ?? 0) - before).toBe(6);
  });

  it("are judged by the process alone while its store is away, which is said", async () => {
    const { clock, lines, processes, serve, pages } = fleet();
    await serve(2, 100, true);
    for (const line of lines) line.line = "refused";
    await serve(3, 100, false);
    // Better three than none.
    expect(pages()).toHaveLength(3);
    expect(await processes[0]?.objective()).toMatchObject({ view: "process", storeFailure: "unavailable" });
    for (const line of lines) line.line = "fine";
    await serve(90, 20, true);
    expect(pages()).toHaveLength(6);
    expect(await processes[0]?.objective()).toMatchObject({ view: "service", storeFailure: null });
    await clock.advance(MINUTE);
    const counted = (await processes[0]?.objective())?.burnRates.find(({ sec }) => sec === 21_600);
    // What was counted meanwhile was not lost.
    expect(counted).toMatchObject({ valid: 5 * 300 + 90 * 60, bad: 3 * 300 });
  });

  it("don't end what the service said while the store is away, and end it once it is back", async () => {
    const { lines, serve, pages } = fleet();
    await serve(2, 100, false);
    expect(pages()).toHaveLength(1);
    for (const line of lines) line.line = "rejects";
    await serve(70, 20, true);
    expect(pages()).toHaveLength(1);
    for (const line of lines) line.line = "fine";
    await serve(8, 20, true);
    expect(pages()).toEqual(["alert.firing endpoint:chat:page:3600", "alert.resolved endpoint:chat:page:3600"]);
  });

  it("are told though the store's first answer was lost", async () => {
    const { lines, serve, pages } = fleet();
    await serve(1, 10, true);
    // (It does what it is asked, and its answers don't arrive.)
    for (const line of lines) line.line = "mute";
    await serve(1, 100, false);
    for (const line of lines) line.line = "fine";
    await serve(4, 100, false);
    expect(pages().filter((one) => one.startsWith("alert.firing")).length).toBeGreaterThan(0);
  });

  it("keep their budget through a restart, and what the last minute counted", async () => {
    const clock = new ManualClock();
    const store = memoryStore({ clock });
    const first = chatProcess(clock, 1, { store });
    await first.serve(1000, true);
    await clock.advance(3 * 24 * 60 * MINUTE);
    await first.serve(5, false);
    await first.kit.close();
    const second = chatProcess(clock, 2, { store });
    open.push(second);
    expect(second.told).toEqual([]);
    expect(await second.objective()).toMatchObject({ budgetLeft: Number((1 - 5 / 1005 / 0.01).toPrecision(12)) });
    expect((await second.objective())?.budgetCoveredSec).toBeGreaterThanOrEqual(3 * 86_400);
    await store.close();
  });

  it("know since when calls are counted, though by now only hours are", async () => {
    const clock = new ManualClock();
    await clock.advance(57 * MINUTE);
    const store = new FleetStore(memoryStore({ clock }), clock);
    const covered = async (process: Process) => ((await process.objective())?.budgetCoveredSec ?? 0) / 60;
    const first = chatProcess(clock, 1, { store });
    open.push(first);
    await first.serve(10, true);
    await clock.advance(5 * MINUTE);
    expect(await covered(first)).toBeCloseTo(5, 1);
    const second = chatProcess(clock, 2, { store });
    open.push(second);
    expect(await covered(second)).toBeCloseTo(5, 0);
    await clock.advance(60 * 60 * MINUTE);
    const third = chatProcess(clock, 3, { store });
    open.push(third);
    expect(await covered(third)).toBeGreaterThanOrEqual(60 * 60 + 5);
    expect(await covered(third)).toBeLessThanOrEqual(61 * 60 + 2);
  });

  it("know after a restart what fires, and don't tell it again", async () => {
    const clock = new ManualClock();
    const store = memoryStore({ clock });
    const first = chatProcess(clock, 1, { store });
    await first.serve(100, false);
    await clock.advance(2 * MINUTE);
    const fired = first.told.length;
    await first.kit.close();
    const second = chatProcess(clock, 2, { store });
    open.push(second);
    await second.serve(20, false);
    await clock.advance(2 * MINUTE);
    expect(fired).toBeGreaterThan(0);
    expect(second.told).toEqual([]);
    expect((await second.objective())?.alerts[0]).toMatchObject({ state: "firing" });
    await store.close();
  });

  it("have a place in the snapshot that its schema knows", async () => {
    const one = chatProcess(new ManualClock(), 1);
    open.push(one);
    await one.serve(3, true);
    const snapshot = await one.kit.snapshot();
    expect(snapshotSchema.parse(snapshot)).toEqual(snapshot);
    expect(snapshot.objectives["endpoint:chat"]).toMatchObject({
      objective: 0.99,
      owner: "chat-team",
      runbook: "docs/runbooks/chat.md",
      view: "process",
      budgetLeft: 1,
      alerts: [{ state: "inconclusive", since: null }, {}, {}, {}],
    });
  });

  it("don't hang with a store that doesn't answer", async () => {
    const { clock, lines, processes } = fleet();
    for (const line of lines) line.line = "mute";
    await processes[0]?.serve(100, false);
    await clock.advance(2 * MINUTE);
    expect(processes[0]?.told.map(({ type }) => type)).toContain("alert.firing");
    const closed = Promise.all(open.splice(0).map(({ kit }) => kit.close({ drain: "1ms" })));
    await clock.advance(MINUTE);
    expect(await closed).toHaveLength(3);
  });
});

describe("objectives", () => {
  it("are refused where there is one of that name, or the options are wrong", () => {
    const kit = createKit({ service: "shop", clock: new ManualClock() });
    kit.upstream("serper", { slo });
    const input = { "~standard": { version: 1, vendor: "test", validate: (value: unknown) => ({ value }) } } as const;
    const boundary = { name: "chat", input, auth: () => "me", limits: "none" } as const;
    expect(() => kit.upstream("other", { slo: { ...slo, objective: 1 } })).toThrow('upstream("other").slo.objective');
    expect(() => kit.boundary({ ...boundary, slo } as never, () => 1)).toThrow("limits");
    expect(() => createKit({ service: "shop", sloScope: "world" as never })).toThrow("createKit.sloScope");
  });

  it("stand beside upstreams of kits that are bound later, too", () => {
    const kit = createKit({ service: "shop", store: perCall<object>() });
    kit.upstream("serper", { slo });
    expect(() => kit.upstream("other", { slo: { ...slo, owner: "" } })).toThrow('upstream("other").slo.owner');
  });
});
