import type { Alarm, Clock } from "../../core/clock.js";
import { KeelsonError } from "../../core/errors.js";

/** A connection that nothing is sent over for longer than this may be cut by proxies. */
const BEAT_MS = 15_000;
/** A stream ends after so long, and whoever listens has to show credentials again. */
const LIFE_MS = 600_000;
/** Events that may wait for a slow reader; then it misses some. */
const WAITING = 4;

/** What a {@link Feed} is made with. */
export interface FeedOptions {
  /** Gets what is told. */
  readonly take: () => Promise<unknown>;
  readonly clock: Clock;
  readonly everyMs: number;
  readonly maxStreams: number;
}

interface Listener {
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  readonly until: number;
  /** Stops listening for the client to go away. */
  readonly forget: () => void;
}

/**
 * Tells everyone who listens how things are, every so often, as server-sent events. However many listen, one snapshot is
 * taken; while nobody does, none.
 */
export class Feed {
  readonly #options: FeedOptions;
  readonly #listeners = new Set<Listener>();
  readonly #encoder = new TextEncoder();
  #taking: Promise<unknown> | undefined;
  #alarm: Alarm | undefined;
  #ringing = false;
  #nextAt = 0;
  #closed = false;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  /** Streams that are open. */
  get size(): number {
    return this.#listeners.size;
  }

  /** What is told now; askers at the same time get the same. */
  now(): Promise<unknown> {
    this.#taking ??= this.#options.take().finally(() => {
      this.#taking = undefined;
    });
    return this.#taking;
  }

  /**
   * Opens a stream; it ends when `gone` aborts, when it is cancelled, after ten minutes, or when the feed closes.
   *
   * @throws {KeelsonError} `unavailable` when there are too many, or the feed is closed
   */
  open(gone: AbortSignal): ReadableStream<Uint8Array> {
    const { clock, maxStreams } = this.#options;
    if (this.#closed) throw new KeelsonError("unavailable", "Closing");
    if (this.#listeners.size >= maxStreams)
      throw new KeelsonError("unavailable", `${maxStreams} operator streams are open`, {
        detail: "Too many pages are open: ask for snapshots instead",
        retryAfterMs: 30_000,
      });
    let listener: Listener | undefined;
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          const left = () => this.#end(opened);
          const opened: Listener = {
            controller,
            until: clock.monotonic() + LIFE_MS,
            forget: () => gone.removeEventListener("abort", left),
          };
          listener = opened;
          this.#listeners.add(opened);
          gone.addEventListener("abort", left);
          if (gone.aborted) this.#end(opened);
          else void this.#tell([opened]);
          this.#wait();
        },
        cancel: () => {
          if (listener !== undefined) this.#drop(listener);
        },
      },
      { highWaterMark: WAITING },
    );
  }

  /** Ends all streams; no new ones are opened. */
  close(): void {
    this.#closed = true;
    for (const listener of [...this.#listeners]) this.#end(listener, "event: end\ndata: {}\n\n");
  }

  #wait(): void {
    if (this.#ringing || this.#alarm !== undefined || this.#listeners.size === 0) return;
    const { clock, everyMs } = this.#options;
    if (this.#nextAt <= clock.monotonic()) this.#nextAt = clock.monotonic() + everyMs;
    const ms = Math.min(BEAT_MS, this.#nextAt - clock.monotonic());
    this.#alarm = clock.alarm(ms, () => void this.#ring(), "background");
  }

  async #ring(): Promise<void> {
    const { clock } = this.#options;
    const now = clock.monotonic();
    this.#alarm = undefined;
    this.#ringing = true;
    for (const listener of [...this.#listeners]) if (listener.until <= now) this.#end(listener);
    if (now >= this.#nextAt) await this.#tell([...this.#listeners]);
    else this.#send([...this.#listeners], ": still here\n\n");
    // Only now, so that a slow snapshot never meets itself.
    this.#ringing = false;
    this.#wait();
  }

  async #tell(listeners: readonly Listener[]): Promise<void> {
    if (listeners.length === 0) return;
    this.#send(listeners, await this.#event());
  }

  async #event(): Promise<string> {
    try {
      return `event: snapshot\ndata: ${JSON.stringify(await this.now())}\n\n`;
    } catch (error) {
      // Whoever looks is told that there is nothing to see; why is for the logs.
      console.error("operator: no snapshot:", error);
      return 'event: trouble\ndata: {"title":"No snapshot could be taken"}\n\n';
    }
  }

  #send(listeners: readonly Listener[], text: string): void {
    const bytes = this.#encoder.encode(text);
    for (const listener of listeners) {
      const { controller } = listener;
      // Old news is worth nothing: who reads too slowly gets the next one.
      if (this.#listeners.has(listener) && (controller.desiredSize ?? 0) > 0) controller.enqueue(bytes);
    }
  }

  #end(listener: Listener, last?: string): void {
    if (!this.#listeners.has(listener)) return;
    if (last !== undefined) listener.controller.enqueue(this.#encoder.encode(last));
    this.#drop(listener);
    listener.controller.close();
  }

  #drop(listener: Listener): void {
    this.#listeners.delete(listener);
    listener.forget();
    if (this.#listeners.size > 0) return;
    this.#alarm?.cancel();
    this.#alarm = undefined;
  }
}
