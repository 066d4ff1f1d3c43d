import type { Alarm, Clock } from "../../core/clock.js";

/** Timers for p-timeout on an injected clock, so that it too runs in virtual time. Held: somebody awaits them. */
export function clockTimers(clock: Clock): {
  setTimeout: typeof globalThis.setTimeout;
  clearTimeout: typeof globalThis.clearTimeout;
} {
  return {
    setTimeout: ((ring: () => void, ms: number) => clock.alarm(ms, ring, "held")) as unknown as typeof setTimeout,
    clearTimeout: ((alarm: Alarm | undefined) => alarm?.cancel()) as unknown as typeof clearTimeout,
  };
}
