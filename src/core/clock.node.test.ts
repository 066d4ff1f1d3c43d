import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "./clock.js";

const CLOCK = fileURLToPath(new URL("./clock.ts", import.meta.url));

describe("the machine's clock", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("rings once, after that time, unless it is cancelled", () => {
    let rang = 0;
    systemClock.alarm(100, () => rang++, "held");
    systemClock.alarm(100, () => rang++, "held").cancel();
    vi.advanceTimersByTime(99);
    expect(rang).toBe(0);
    vi.advanceTimersByTime(1000);
    expect(rang).toBe(1);
  });

  it("rings after more than setTimeout can count", () => {
    const days = 24 * 3_600_000;
    let rang = 0;
    const alarm = systemClock.alarm(60 * days, () => rang++, "background");
    const cancelled = systemClock.alarm(60 * days, () => rang++, "background");
    vi.advanceTimersByTime(50 * days);
    cancelled.cancel();
    expect(rang).toBe(0);
    vi.advanceTimersByTime(10 * days);
    expect(rang).toBe(1);
    alarm.cancel();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("an alarm", () => {
  /** What a process prints that ends by itself as soon as nothing keeps it alive. */
  const printed = (script: string) => {
    const code = `import { systemClock } from ${JSON.stringify(CLOCK)}; ${script}`;
    return spawnSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", code], { encoding: "utf8" })
      .stdout;
  };

  it("keeps a process alive when it is held, and not when it is in the background", () => {
    expect(
      printed(`
        systemClock.alarm(20, () => console.log("held"), "held");
        systemClock.alarm(60_000, () => console.log("background"), "background");
        systemClock.alarm(60_000, () => console.log("released"), "held").release();
        systemClock.alarm(10, () => console.log("held again"), "background").hold();
      `),
    ).toBe("held again\nheld\n");
  });
});
