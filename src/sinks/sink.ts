import type { Surface } from "../boundary/surface/surface.js";
import type { Clock } from "../core/clock.js";
import type { EventMap, Events, EventType } from "../core/events.js";
import type { Attachable } from "../kit/attachments.js";
import type { Snapshot } from "../observe/snapshot.js";

/** What a sink needs of a kit. */
export interface SinkHost {
  readonly service: string;
  readonly events: Events;
  readonly clock: Clock;
  surface(): readonly Surface[];
  attach(part: Attachable): () => void;
}

/** The same of a kit whose figures are asked for, too. */
export interface MeasuredHost extends SinkHost {
  snapshot(): Promise<Snapshot>;
}

/** What became of what a sink was given. */
export interface SinkStats {
  /** Handed over. */
  readonly sent: number;
  /** Thrown away, for too much was waiting. */
  readonly dropped: number;
  /** Could not be handed over. */
  readonly failed: number;
  /** Told of by a number alone, for the same had just been told. */
  readonly suppressed: number;
}

/** Hands on what a kit tells. Nothing that it does, and nothing that goes wrong in it, touches a request. */
export interface Sink extends AsyncDisposable {
  readonly stats: SinkStats;
  /** Hands over what waits. Resolves when that is done, or its time is up; never rejects. */
  flush(): Promise<void>;
  /** Stops listening and hands over what waits. The kit's own `close()` does it, too. */
  close(): Promise<void>;
}

/** Gets what goes wrong in a sink. */
export type SinkErrorListener = (error: unknown) => void;

/** Reports the first error of a sink, or all of them where someone asked for them, and never throws itself. */
export function errorReport(sink: string, onError: SinkErrorListener | undefined): SinkErrorListener {
  let told = false;
  return (error) => {
    try {
      if (onError !== undefined) onError(error);
      else if (!told) console.error(`${sink}: failed; errors after this one are counted only:`, error);
    } catch (second) {
      if (!told) console.error(`${sink}: its onError threw:`, second);
    }
    told = true;
  };
}

/** Listens for a sink, so that what it throws stays with it. The returned function stops all of it. */
export class Listening {
  readonly #events: Events;
  readonly #report: SinkErrorListener;
  readonly #stops: (() => void)[] = [];

  constructor(events: Events, report: SinkErrorListener) {
    this.#events = events;
    this.#report = report;
  }

  /** Listens to one type. */
  to<T extends EventType>(type: T, hear: (event: EventMap[T]) => void, options?: { readonly counting: boolean }): void {
    const safe = (event: EventMap[T]) => {
      try {
        hear(event);
      } catch (error) {
        this.#report(error);
      }
    };
    this.#stops.push(this.#events.on(type, safe, options));
  }

  stop(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }
}
