import { describe, expect, it } from "vitest";
import { createKit } from "../../kit/kit.js";
import { snapshotSchema } from "../../schema.js";
import { ManualClock } from "../../testing/manual-clock.js";
import { snapshotText } from "./text.js";

const usage = { uptimeMs: 1, rssBytes: 212e6, heapUsedBytes: 84e6, heapLimitBytes: 4144e6, cpuSec: 3, recentSec: 12 };
const busy = { ...usage, cpuShare: 0.123, loopDelay: { p50Ms: 0.2, p99Ms: 2.6, maxMs: 70 } };

async function lines(process: unknown): Promise<string[]> {
  const kit = createKit({ service: "shop", env: {}, clock: new ManualClock() });
  return snapshotText(snapshotSchema.parse({ ...(await kit.snapshot()), process }));
}

describe("a snapshot in a few lines", () => {
  it("has the process, as far as it is known", async () => {
    expect(await lines(busy)).toEqual([
      "shop, up for 0 s, state in memory",
      "212 MB of memory, heap 84 of 4144 MB, 0.12 processors, event loop 3 ms late (p99)",
    ]);
    const bare = { ...usage, heapLimitBytes: null, cpuShare: null, loopDelay: null };
    expect((await lines(bare))[1]).toBe("212 MB of memory, heap 84 MB");
    expect(await lines(null)).toHaveLength(1);
  });
});
