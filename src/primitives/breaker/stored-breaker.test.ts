import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isKeelsonError } from "../../core/errors.js";
import { Events } from "../../core/events.js";
import { runtime } from "../../core/runtime.js";
import { memoryStore } from "../../stores/memory/memory-store.js";
import { ManualClock } from "../../testing/manual-clock.js";
import { FleetStore } from "../fleet-store.fixture.js";
import { Breaker } from "./breaker.js";
import type { BreakerOptions } from "./options.js";
import { StoredBreaker } from "./stored-breaker.js";

const QUICK = {
  window: "10s",
  failureRate: 0.5,
  minimumCalls: 4,
  openFor: "1s",
  maxOpenFor: "4s",
  jitter: 0,
  halfOpen: { calls: 2, maxWait: "3s" },
} as const satisfies BreakerOptions;

function bench(options: BreakerOptions = QUICK) {
  const clock = new ManualClock();
  const events = new Events();
  const store = memoryStore({ clock });
  const rt = runtime({ clock, events, store, random: () => 0.5 });
  // One for each call, as in a place that lives no longer.
  return { clock, events, store, rt, breaker: () => new StoredBreaker("serper", options, rt) };
}

const fails = () => Promise.reject(new Error("down"));

describe("a breaker that counts in the store", () => {
  it("opens on what calls with breakers of their own have seen, and closes when the trial goes well", async () => {
    const { breaker, clock } = bench();
    for (let n = 0; n < 4; n++) await expect(breaker().run(fails)).rejects.toThrow("down");
    await expect(breaker().run(() => 1)).rejects.toMatchObject({ code: "upstream_circuit_open", retryAfterMs: 1_000 });
    expect(await breaker().state()).toBe("open");
    await clock.advance(1_000);
    expect(await breaker().run(() => 1)).toBe(1);
    expect(await breaker().state()).toBe("half-open");
    expect(await breaker().run(() => 2)).toBe(2);
    expect(await breaker().state()).toBe("closed");
  });

  it("lets no more through at once than may try, and takes a place back from who never comes back", async () => {
    const { breaker, clock } = bench();
    for (let n = 0; n < 4; n++) await expect(breaker().run(fails)).rejects.toThrow("down");
    await clock.advance(1_000);
    await breaker().enter();
    await breaker().enter();
    await expect(breaker().enter()).rejects.toMatchObject({ code: "upstream_circuit_open" });
    await clock.advance(3_000);
    await expect(breaker().enter()).rejects.toMatchObject({ code: "upstream_circuit_open" });
    expect(await breaker().state()).toBe("open");
  });

  it("is set by hand for all, until it is reset", async () => {
    const { breaker } = bench();
    await breaker().isolate();
    await expect(breaker().run(() => 1)).rejects.toMatchObject({ code: "upstream_circuit_open" });
    await breaker().disable();
    for (let n = 0; n < 9; n++) await expect(breaker().run(fails)).rejects.toThrow("down");
    expect(await breaker().state()).toBe("disabled");
    await breaker().metricsOnly();
    for (let n = 0; n < 9; n++) await expect(breaker().run(fails)).rejects.toThrow("down");
    const one = breaker();
    await one.refresh();
    expect(one.snapshot()).toMatchObject({ state: "metrics-only", calls: 9, failures: 9 });
    await breaker().reset();
    expect(await breaker().run(() => 1)).toBe(1);
  });

  it("writes nothing for a call that is let through, and once when that settles", async () => {
    const { rt, store } = bench();
    const written: string[] = [];
    const watched: Pick<typeof store, "open"> = {
      open: (kernel, space) => {
        const cells = store.open(kernel, space);
        return {
          with: (...step) => cells.with(...step),
          step: (key, config, input) => {
            written.push((input as { readonly op: string }).op);
            return cells.step(key, config, input);
          },
          glance: async (_key, config, input) => {
            const step = kernel.step(undefined, 0, config, input);
            return { decision: step.state === undefined ? step.decision : undefined };
          },
        };
      },
    };
    const seen = Object.assign(Object.create(store) as typeof store, watched);
    await new StoredBreaker("serper", QUICK, { ...rt, store: seen }).run(() => 1);
    expect(written).toEqual(["settle"]);
  });

  it("lets calls through that the store knows nothing of, and says so", async () => {
    const { rt, events, clock } = bench();
    const fleet = new FleetStore(memoryStore({ clock }), clock);
    fleet.line = "refused";
    const told: string[] = [];
    events.on("breaker.store_failed", ({ operation }) => void told.push(operation));
    const breaker = new StoredBreaker("serper", QUICK, { ...rt, store: fleet });
    expect(await breaker.run(() => 1)).toBe(1);
    await expect(breaker.isolate()).rejects.toMatchObject({ code: "unavailable" });
    expect(told).toEqual(["enter", "force"]);
  });

  it("refuses a window that is too large to lie in the store", () => {
    expect(() => bench({ window: { calls: 1_001 } }).breaker()).toThrow('breaker("serper").window.calls: got 1001');
  });

  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ act: fc.constant("call" as const), failed: fc.boolean(), ms: fc.nat(800) }) },
    { weight: 1, arbitrary: fc.record({ act: fc.constant("wait" as const), ms: fc.nat(5_000) }) },
  );

  it.each([
    ["a time", QUICK],
    ["so many calls", { ...QUICK, window: { calls: 6 } }],
    ["slow calls, too", { ...QUICK, slowCall: { over: "500ms", rate: 0.7 } }],
  ] as const)("decides as a breaker does that counts for itself, over %s", async (_, options) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { clock, rt, breaker } = bench(options);
        const own = new Breaker("own", options, rt);
        for (const one of steps) {
          if (one.act === "wait") {
            await clock.advance(one.ms);
            continue;
          }
          const permit = own.enter(clock.monotonic());
          const stored = breaker();
          const entered = await stored.enter().catch((error: unknown) => {
            if (!isKeelsonError(error, "upstream_circuit_open")) throw error;
            return undefined;
          });
          expect(entered === undefined).toBe(permit === 0);
          await clock.advance(one.ms);
          if (entered !== undefined) {
            own.settle(permit, one.failed ? "failure" : "success", clock.monotonic(), one.ms);
            await stored.settle(entered, one.failed ? "failure" : "success");
          }
          expect(await stored.state()).toBe(own.state);
        }
      }),
      { numRuns: 150 },
    );
  });
});
