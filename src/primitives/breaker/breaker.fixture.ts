import { Events } from "../../core/events.js";
import { runtime } from "../../core/runtime.js";
import { ManualClock } from "../../testing/manual-clock.js";
import type { CallOutcome } from "../outcome.js";
import { Breaker } from "./breaker.js";
import type { BreakerOptions } from "./options.js";

/** A breaker in virtual time, what it tells of its transitions, and calls that end as they are told to. */
export function setUp(options: BreakerOptions = {}, random = 0.5) {
  const clock = new ManualClock();
  const events = new Events();
  const transitions: string[] = [];
  events.on("breaker.transition", ({ from, to, reason }) => transitions.push(`${from} → ${to}: ${reason}`));
  const breaker = new Breaker("serper", options, runtime({ clock, events, random: () => random }));
  return {
    clock,
    events,
    transitions,
    breaker,
    enter: () => breaker.enter(clock.monotonic()),
    settle: (permit: number, outcome: CallOutcome, durationMs = 1, retryAfterMs?: number) =>
      breaker.settle(permit, outcome, clock.monotonic(), durationMs, retryAfterMs),
    calls(count: number, outcome: CallOutcome, durationMs = 1) {
      for (let i = 0; i < count; i++) {
        breaker.settle(breaker.enter(clock.monotonic()), outcome, clock.monotonic(), durationMs);
      }
    },
  };
}
