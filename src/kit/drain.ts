import pTimeout from "p-timeout";
import { type Duration, milliseconds } from "../core/duration.js";
import type { Work } from "../core/work.js";
import { clockTimers } from "../primitives/timeout/clock-timers.js";
import type { Bindings } from "./registry.js";

/**
 * Lets nothing new begin and waits for what is under way: requests first, for they may wait for jobs, then the workers
 * of queues, for jobs may call upstreams, then upstreams and bulkheads.
 *
 * @returns whether all of it ended within `drain`
 */
export async function drained(bindings: Bindings, work: Work, drain: Duration): Promise<boolean> {
  const { clock } = bindings.rt;
  const drainMs = milliseconds(drain, "kit.close.drain");
  const until = clock.monotonic() + drainMs;
  const inTime = await pTimeout(
    work.close().then(() => true),
    { milliseconds: drainMs, fallback: () => false, customTimers: clockTimers(clock) },
  );
  const left = () => Math.max(0, Math.floor(until - clock.monotonic()));
  const queues = [...bindings.all("queues").values()];
  const worked = await Promise.all(queues.map((queue) => queue.close({ drain: left() })));
  const closers = [...bindings.all("upstreams").values(), ...bindings.all("bulkheads").values()];
  const ended = await Promise.all(closers.map((one) => one.close({ drain: left() })));
  return inTime && worked.every(Boolean) && ended.every((each) => each !== false);
}
