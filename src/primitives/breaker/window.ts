import type { CallWindow } from "./call-window.js";
import { CountWindow } from "./count-window.js";
import { type BreakerConfig, TIME_WINDOW_BUCKETS } from "./options.js";
import { TimeWindow } from "./time-window.js";

/** An empty window as `config` wants it. */
export function makeWindow(config: BreakerConfig, now: number): CallWindow {
  return config.windowCalls > 0
    ? new CountWindow(config.windowCalls)
    : new TimeWindow(config.windowMs, TIME_WINDOW_BUCKETS, now);
}
