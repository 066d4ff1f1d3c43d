import { describe, expect, it, onTestFinished } from "vitest";
import { perCall } from "../../core/binding.js";
import { seeded } from "../../core/seeded.js";
import { createKit } from "../../kit/kit.js";
import { memoryStore } from "../../stores/memory/memory-store.js";
import { faultyUpstream } from "../../testing/faulty-upstream/faulty-upstream.js";
import { ManualClock } from "../../testing/manual-clock.js";
import type { UpstreamOptions } from "./options.js";

function bench(options: UpstreamOptions) {
  const clock = new ManualClock();
  const store = memoryStore({ clock });
  const kit = createKit({ service: "shop", store: perCall<undefined>(), clock, random: seeded(7) });
  const serper = kit.upstream("serper", options);
  // Each call binds anew, as on a platform where nothing lives longer.
  const called = () => {
    const bound = kit.using(store);
    return { ...bound, serper: bound.use(serper) };
  };
  return { clock, kit, called };
}

const BREAKER = { window: "10s", failureRate: 0.5, minimumCalls: 4, openFor: "1s", jitter: 0 } as const;
const fails = () => Promise.reject(new Error("down"));

describe("an upstream of a kit that is bound to each call", () => {
  it("has a breaker that all calls share", async () => {
    const { called, clock } = bench({ breaker: BREAKER });
    for (let n = 0; n < 4; n++) await expect(called().serper.run(fails)).rejects.toThrow("down");
    await expect(called().serper.run(() => 1)).rejects.toMatchObject({ code: "upstream_circuit_open" });
    expect(await called().serper.state()).toBe("open");
    await clock.advance(1_000);
    expect(await called().serper.run(() => 1)).toBe(1);
  });

  it("counts what fetch was answered, and says that the circuit is open, not that the callee failed", async () => {
    const upstream = await faultyUpstream({ handler: () => new Response(null, { status: 503 }) });
    onTestFinished(() => upstream.close());
    const { called } = bench({ breaker: BREAKER });
    for (let n = 0; n < 4; n++)
      await expect(called().serper.fetch(upstream.url)).rejects.toMatchObject({ code: "upstream_bad_status" });
    await expect(called().serper.fetch(upstream.url)).rejects.toMatchObject({ code: "upstream_circuit_open" });
  });

  it("has a bulkhead that all calls share, and gives slots back before the call ends", async () => {
    const { called } = bench({ bulkhead: { maxConcurrent: 1 } });
    let release: (value: string) => void = () => undefined;
    const first = called();
    const running = first.serper.run(() => new Promise<string>((resolve) => (release = resolve)));
    await new Promise((resolve) => setImmediate(resolve));
    await expect(called().serper.run(() => 2)).rejects.toMatchObject({ code: "upstream_bulkhead_full" });
    release("done");
    expect(await running).toBe("done");
    await first.flush();
    expect(await called().serper.run(() => 3)).toBe(3);
  });

  it("shows in the snapshot what the store says, though this call used nothing", async () => {
    const { called } = bench({ breaker: BREAKER });
    for (let n = 0; n < 4; n++) await expect(called().serper.run(fails)).rejects.toThrow("down");
    const { upstreams } = await called().snapshot();
    expect(upstreams.serper?.breaker).toMatchObject({ state: "open" });
  });

  it("refuses what can't lie in a store", () => {
    expect(() => bench({ bulkhead: { maxConcurrent: 1, order: "fifo" } })).toThrow(
      'upstream("serper").bulkhead.order: got "fifo"; allowed: left out',
    );
  });
});
