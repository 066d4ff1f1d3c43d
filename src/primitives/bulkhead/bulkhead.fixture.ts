import { Events } from "../../core/events.js";
import { runtime } from "../../core/runtime.js";
import { ManualClock } from "../../testing/manual-clock.js";
import { Bulkhead } from "./bulkhead.js";
import type { BulkheadOptions } from "./options.js";

/** A bulkhead in virtual time, what it tells, and calls that end when they are told to. */
export function setup(options: Partial<BulkheadOptions> = {}) {
  const clock = new ManualClock();
  const events = new Events();
  const heard: string[] = [];
  events.on("bulkhead.rejected", ({ reason }) => heard.push(reason));
  events.on("bulkhead.queued", ({ queued }) => heard.push(`queued ${queued}`));
  events.on("bulkhead.resized", ({ from, to, reason }) => heard.push(`${from} → ${to} ${reason}`));
  const bulkhead = new Bulkhead("pdf", { maxConcurrent: 2, maxQueue: 10, ...options }, runtime({ clock, events }));
  const order: string[] = [];
  /** A call that ends when it is told to. */
  const call = (name: string, request: Parameters<Bulkhead["run"]>[1] = {}) => {
    let end: (value: string) => void = () => undefined;
    let fail: (error: unknown) => void = () => undefined;
    const promise = bulkhead.run(() => {
      order.push(name);
      return new Promise<string>((resolve, reject) => {
        end = resolve;
        fail = reject;
      });
    }, request);
    promise.catch(() => undefined);
    return { promise, end: () => end(name), fail: (error: unknown) => fail(error) };
  };
  return { clock, bulkhead, heard, order, call };
}
