import { describe, expect, it } from "vitest";
import { runtime } from "../../core/runtime.js";
import { seeded } from "../../core/seeded.js";
import { memoryStore } from "../../stores/memory/memory-store.js";
import { ManualClock } from "../../testing/manual-clock.js";
import { FleetStore } from "../fleet-store.fixture.js";
import { SharedBulkhead } from "./shared-bulkhead.js";

describe("a process that can't renew its lease", () => {
  it("gives a lease up before it runs out", async () => {
    const clock = new ManualClock();
    const memory = memoryStore({ clock });
    const random = seeded(1);
    const make = () => {
      const store = new FleetStore(memory, clock);
      const rt = runtime({ clock, store, random });
      return { store, bulkhead: new SharedBulkhead("gpu", { maxConcurrent: 1, lease: "9s", maxQueue: 5 }, rt) };
    };
    const [a, b] = [make(), make()];
    let held = 0;
    let most = 0;
    const hold = ({ signal }: { signal: AbortSignal }) =>
      new Promise<void>((_, reject) => {
        held++;
        most = Math.max(most, held);
        signal.addEventListener("abort", () => {
          held--;
          reject(signal.reason);
        });
      });
    // Sets the renewal's beat: a tick at 3 s, 6 s, 9 s.
    await a.bulkhead.run(() => 1);
    await clock.advance(100);
    a.bulkhead.run(hold).catch(() => undefined);
    await clock.advance(100);
    b.bulkhead.run(hold).catch(() => undefined);
    a.store.line = "refused";
    await clock.advance(8_600);
    a.store.line = "deaf";
    for (let n = 0; n < 300; n++) await clock.advance(10);
    expect(most).toBe(1);
  });
});
