import type { EventMap, EventType } from "keelson";
import type { ShopKit } from "./kit.js";

/** Something that happened, as operators see it. */
export interface Happened {
  /** From 1, without gaps. */
  readonly seq: number;
  /** Unix time in milliseconds. */
  readonly at: number;
  readonly type: EventType;
  readonly name: string;
  readonly detail: Readonly<Record<string, string | number | boolean>>;
}

/** What is remembered. */
const MOST = 2000;

/** What of an event is worth telling; `undefined`: nothing is. Never what a user wrote, nor any key. */
const TELL: { readonly [T in EventType]?: (event: EventMap[T]) => Happened["detail"] | undefined } = {
  "endpoint.settled": ({ status, code, guard }) =>
    code === undefined ? undefined : { status, code, ...(guard !== undefined && { guard }) },
  "limiter.decision": ({ allowed, source }) => (allowed ? undefined : { source }),
  "breaker.transition": ({ from, to, reason }) => ({ from, to, reason }),
  "breaker.rejected": ({ state, retryAfterMs }) => ({ state, retryAfterMs }),
  "bulkhead.rejected": ({ reason, running, queued }) => ({ reason, running, queued }),
  "bulkhead.queued": ({ queued }) => ({ queued }),
  "retry.scheduled": ({ attempt, delayMs }) => ({ attempt, delayMs }),
  "retry.stopped": ({ attempt, reason }) => ({ attempt, reason }),
  timeout: ({ scope, ms }) => ({ scope, ms }),
  "cache.hit": ({ state }) => ({ state }),
  "cache.failed": ({ served }) => ({ served }),
  "idempotency.settled": ({ outcome }) => (outcome === "first" ? undefined : { outcome }),
  "replay.settled": ({ outcome }) => ({ outcome }),
  "store.failure": ({ reason, policy }) => ({ reason, policy }),
  "knob.changed": () => ({}),
  "alert.firing": ({ sli, severity, owner, runbook }) => ({ sli, severity, owner, runbook }),
  "alert.resolved": ({ sli, severity }) => ({ sli, severity }),
  "lever.pulled": ({ lever, by, reason }) => ({ lever, by, reason }),
  "overload.shed": ({ inFlight }) => ({ inFlight }),
};

/** Remembers what happened lately, for operators to look at. */
export class RecentEvents {
  readonly #recent: Happened[] = [];
  #seq = 0;

  constructor(kit: ShopKit) {
    for (const type of Object.keys(TELL) as EventType[]) this.#listen(kit, type);
  }

  /** What came after `seq`, oldest first, as far as it is remembered. */
  after(seq: number): readonly Happened[] {
    return this.#recent.filter((happened) => happened.seq > seq);
  }

  #listen<T extends EventType>(kit: ShopKit, type: T): void {
    const tell = TELL[type] as ((event: EventMap[T]) => Happened["detail"] | undefined) | undefined;
    kit.events.on(type, (event) => {
      const detail = tell?.(event);
      if (detail === undefined) return;
      this.#recent.push({ seq: ++this.#seq, at: kit.clock.wall(), type, name: event.name, detail });
      if (this.#recent.length > MOST) this.#recent.shift();
    });
  }
}
