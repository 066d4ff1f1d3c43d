import pTimeout from "p-timeout";
import type { Clock } from "../core/clock.js";
import { clockTimers } from "../primitives/timeout/clock-timers.js";

/** What ends with a kit: a sink, say. */
export interface Attachable {
  /** Called once, when everything else has ended. The kit waits for it, for a while. */
  close(): PromiseLike<unknown> | unknown;
}

/** How long a kit waits for what is attached to it. */
const CLOSING_MS = 3_000;

/** What was attached to a kit, and is closed with it. */
export class Attachments {
  readonly #attached = new Set<Attachable>();

  /** The returned function detaches it. */
  add(part: Attachable): () => void {
    this.#attached.add(part);
    return () => void this.#attached.delete(part);
  }

  /**
   * Closes all of it at once. What doesn't end in time is left behind: it must not keep a process from ending.
   *
   * @throws what the first of them that failed threw, once all have ended
   */
  async close(clock: Clock): Promise<void> {
    const parts = [...this.#attached];
    if (parts.length === 0) return;
    this.#attached.clear();
    const ended = await pTimeout(Promise.allSettled(parts.map(async (part) => part.close())), {
      milliseconds: CLOSING_MS,
      fallback: () => undefined,
      customTimers: clockTimers(clock),
    });
    for (const one of ended ?? []) if (one.status === "rejected") throw one.reason;
  }
}
