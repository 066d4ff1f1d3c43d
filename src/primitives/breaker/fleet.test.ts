import { describe, expect, it } from "vitest";
import { Events } from "../../core/events.js";
import { runtime } from "../../core/runtime.js";
import { seeded } from "../../core/seeded.js";
import { type Store, StoreFailure } from "../../core/store.js";
import { memoryStore } from "../../stores/memory/memory-store.js";
import { ManualClock } from "../../testing/manual-clock.js";
import { Breaker } from "./breaker.js";
import type { SharedBreakerOptions } from "./fleet-options.js";

/** Breakers of several processes over one store. */
function fleet(processes: number, shared: true | SharedBreakerOptions = true, { mute = false } = {}) {
  const clock = new ManualClock();
  const inner = memoryStore({ clock });
  const random = seeded(9);
  return {
    clock,
    breakers: Array.from({ length: processes }, () => {
      const network = { up: true, calls: 0 };
      const bulletins = { value: mute ? undefined : inner.bulletins };
      const store: Store = Object.assign(Object.create(inner, { bulletins }), {
        open: (kernel: never, space: string) => {
          const cells = inner.open(kernel, space);
          return {
            step: (key: string, config: never, input: never) => {
              network.calls++;
              return network.up ? cells.step(key, config, input) : new StoreFailure("unavailable", "no");
            },
          };
        },
      });
      const events = new Events();
      const transitions: string[] = [];
      const told: string[] = [];
      events.on("breaker.transition", ({ from, to, reason }) => transitions.push(`${from} → ${to}: ${reason}`));
      events.on("breaker.store_failed", ({ operation }) => told.push(operation));
      const options = { minimumCalls: 4, openFor: "5s", jitter: 0, halfOpen: { calls: 2 }, shared } as const;
      const breaker = new Breaker("serper", options, runtime({ clock, events, random, store }));
      const call = (outcome: "success" | "failure") => {
        const permit = breaker.enter(clock.monotonic());
        if (permit > 0) breaker.settle(permit, outcome, clock.monotonic(), 1);
        return permit > 0;
      };
      return {
        network,
        breaker,
        transitions,
        told,
        call,
        fail: () => {
          for (let i = 0; i < 40; i++) call("failure");
        },
      };
    }),
  };
}

const states = (breakers: ReturnType<typeof fleet>["breakers"]) => breakers.map(({ breaker }) => breaker.state);

describe("breakers of a fleet", () => {
  it.each([
    ["hear at once", false],
    ["look now and then", true],
  ])("open when a quorum has, and not for one of them: those who %s", async (_, mute) => {
    const { clock, breakers } = fleet(4, true, { mute });
    const pass = async (ms: number) => {
      for (let at = 0; at < ms; at += 100) {
        for (const { call } of breakers) call("success");
        await clock.advance(100);
      }
    };
    await pass(1_500);
    breakers[0]?.fail();
    await pass(1_500);
    expect(states(breakers)).toEqual(["open", "closed", "closed", "closed"]);
    breakers[1]?.fail();
    await (mute ? pass(1_100) : clock.advance(0));
    expect(states(breakers)).toEqual(["open", "open", "open", "open"]);
    expect(breakers[3]?.transitions).toEqual(["closed → open: fleet"]);
    expect(breakers[3]?.breaker.snapshot().fleet).toMatchObject({ open: true, nodes: 2, probing: false });
    expect(breakers[3]?.breaker.rejection(clock.monotonic())).toMatchObject({ code: "upstream_circuit_open" });
  });

  it("take turns in trying, and close together when one finds the callee well", async () => {
    const { clock, breakers } = fleet(3);
    for (const { call } of breakers) call("success");
    await clock.advance(1_100);
    for (const { fail } of breakers.slice(0, 2)) fail();
    await clock.advance(0);
    expect(states(breakers)).toEqual(["open", "open", "open"]);
    await clock.advance(5_100);
    // All ask; one may.
    expect(breakers.map(({ call }) => call("success"))).toEqual([false, false, false]);
    await clock.advance(0);
    const let_through = breakers.map(({ call }) => call("failure"));
    expect(let_through.filter(Boolean)).toHaveLength(1);
    const prober = breakers[let_through.indexOf(true)];
    prober?.call("failure");
    await clock.advance(0);
    expect(prober?.transitions.slice(-2)).toEqual(["open → half-open: due", "half-open → open: failure-rate"]);
    // Then others try, one at a time.
    await clock.advance(300);
    for (const { call } of breakers) call("success");
    await clock.advance(0);
    const second = breakers.map(({ call }) => call("success"));
    expect(second.filter(Boolean)).toHaveLength(1);
    const well = breakers[second.indexOf(true)];
    expect(well).not.toBe(prober);
    well?.call("success");
    await clock.advance(0);
    expect(states(breakers)).toEqual(["closed", "closed", "closed"]);
    expect(prober?.transitions.at(-1)).toBe("open → closed: fleet");
  });

  it("wait for one that never reports no longer than it may take", async () => {
    const { clock, breakers } = fleet(2, { probe: "2s" });
    for (const { fail } of breakers) fail();
    await clock.advance(5_100);
    for (const { call } of breakers) call("success");
    await clock.advance(0);
    const now = () => clock.monotonic();
    const silent = breakers.findIndex(({ breaker }) => breaker.enter(now()) > 0);
    const other = breakers[1 - silent];
    expect([silent >= 0, other?.call("success")]).toEqual([true, false]);
    await clock.advance(2_100);
    other?.call("success");
    await clock.advance(0);
    expect(other?.call("success")).toBe(true);
  });

  it("go by themselves while the store fails, and tell so", async () => {
    const { clock, breakers } = fleet(1);
    const [one] = breakers;
    if (one === undefined) throw new Error("there is one");
    one.network.up = false;
    one.fail();
    expect(one.breaker.state).toBe("open");
    await clock.advance(5_100);
    expect(one.call("success")).toBe(false);
    await clock.advance(0);
    expect([one.call("success"), one.call("success"), one.breaker.state]).toEqual([true, true, "closed"]);
    expect(one.told).toEqual(expect.arrayContaining(["advertise", "probe"]));
    expect(one.breaker.snapshot().fleet?.storeFailures).toBe(one.told.length);
  });

  it("ask nobody while nothing is called", async () => {
    const { clock, breakers } = fleet(1);
    const [one] = breakers;
    await clock.advance(10_000);
    expect([one?.network.calls, clock.pending()]).toEqual([0, 0]);
    one?.call("success");
    await clock.advance(10_000);
    expect(one?.network.calls).toBe(1);
    expect(clock.pending()).toBe(0);
  });

  it("take back what they said when they are closed by hand", async () => {
    const { clock, breakers } = fleet(2, { quorum: 2 });
    breakers[0]?.fail();
    await clock.advance(0);
    breakers[0]?.breaker.reset();
    await clock.advance(0);
    breakers[1]?.fail();
    await clock.advance(1_000);
    expect(states(breakers)).toEqual(["closed", "open"]);
  });

  it("refuse wrong options by name", () => {
    for (const [shared, name] of [
      [{ quorum: 0 }, "quorum"],
      [{ probe: "x" }, "probe"],
      [{ poll: 1 }, "poll"],
      [{ deadline: 0 }, "deadline"],
      [{ quorm: 1 }, "quorm"],
    ] as const)
      expect(() => new Breaker("serper", { shared: shared as never })).toThrow(
        new RegExp(`breaker\\("serper"\\)\\.shared\\.${name}`),
      );
  });
});
