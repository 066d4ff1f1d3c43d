import { describe, expect, it } from "vitest";
import { perCall } from "../core/binding.js";
import { ConfigError } from "../core/config.js";
import type { ProcessMeterSource, ProcessUsage } from "../core/process-usage.js";
import { memoryStore } from "../stores/memory/memory-store.js";
import { createKit } from "./kit.js";

const usage: ProcessUsage = {
  uptimeMs: 1,
  rssBytes: 2,
  heapUsedBytes: 1,
  heapLimitBytes: null,
  cpuSec: 0,
  cpuShare: null,
  loopDelay: null,
  recentSec: 0,
};
const meter: ProcessMeterSource = () => ({ read: () => usage, stop: () => undefined });

describe("a kit's process", () => {
  it("is in its snapshot where something measures it, in that of another store, too", async () => {
    const kit = createKit({ service: "shop", env: {}, process: meter });
    expect((await kit.snapshot()).process).toEqual(usage);
    expect((await kit.using(memoryStore()).snapshot()).process).toEqual(usage);
  });

  it("is null where nothing does, and where each call brings its own store", async () => {
    expect((await createKit({ service: "shop", env: {} }).snapshot()).process).toBe(null);
    const kit = createKit({ service: "shop", env: {}, store: perCall<undefined>() });
    expect((await kit.using(memoryStore()).snapshot()).process).toBe(null);
  });

  it("is measured by a function alone, and not where there is none", () => {
    const wrong = () => createKit({ service: "shop", env: {}, process: {} as never });
    expect(wrong).toThrow(ConfigError);
    expect(wrong).toThrow("createKit.process: got {}; allowed: what measures the process, such as processUsage()");
    expect(() => createKit({ service: "shop", env: {}, store: perCall(), process: meter })).toThrow(
      "createKit.process: got a function; allowed: nothing: what lives for one call",
    );
  });
});
