import type { BulletinSource, Bulletins } from "../../core/bulletins.js";
import type { Alarm } from "../../core/clock.js";
import type { Runtime } from "../../core/runtime.js";

/** What processes tell each other: a value was changed or dropped, was loaded or not, or the namespace was cleared. */
type Kind = "changed" | "settled" | "cleared";

/** What is done with news of other processes. */
export interface NewsTarget {
  changed(id: string): void;
  cleared(): void;
  /** News may have been missed. */
  missed(): void;
}

/** How often one who waits looks, though it would be told: messages may be lost. */
const LOOK_MS = 1_000;
/** The first wait between two looks where nobody tells; it doubles. */
const SHORTEST_MS = 25;
const LONGEST_MS = 250;

/** What processes tell each other of a cache. */
export class News {
  readonly #rt: Runtime;
  readonly #topic: string;
  readonly #target: NewsTarget;
  /** Who told, so that one's own news isn't taken for others'. */
  readonly #origin: string;
  readonly #waiting = new Map<string, Set<() => void>>();
  #state: "silent" | "asking" | "hearing" = "silent";

  constructor(name: string, rt: Runtime, target: NewsTarget) {
    this.#rt = rt;
    this.#topic = `cache:${name}`;
    this.#target = target;
    this.#origin = Math.floor(rt.random() * 2 ** 48).toString(36);
  }

  /** Whether others' changes are heard of at once. */
  get hearing(): boolean {
    return this.#state === "hearing";
  }

  /** Begins to listen, where the store can tell. */
  listen(): void {
    const bulletins = this.#bulletins();
    if (this.#state !== "silent" || bulletins === undefined) return;
    this.#state = "asking";
    const failed = (): void => {
      // The next read tries again; until then values are held no longer than where nobody tells.
      this.#state = "silent";
    };
    try {
      const heard = bulletins.hear(
        this.#topic,
        (text) => this.#heard(text),
        () => this.#target.missed(),
      );
      if (!(heard instanceof Promise)) this.#state = "hearing";
      else
        heard.then(() => {
          this.#state = "hearing";
          // What was read before may have been changed before anybody listened.
          this.#target.missed();
        }, failed);
    } catch {
      failed();
    }
  }

  tell(kind: Kind, id = ""): void {
    this.#bulletins()?.tell(this.#topic, `${this.#origin} ${kind} ${id}`);
    if (kind === "settled") this.#wake(id);
  }

  /** Waits until a value may have been loaded, and no longer than `ms`. Attempts are counted from 0 on. */
  wait(id: string, ms: number, attempt: number): Promise<void> {
    const most = this.hearing ? LOOK_MS : Math.min(LONGEST_MS, SHORTEST_MS * 2 ** Math.min(attempt, 10));
    return new Promise((resolve) => {
      const waiters = this.#waiting.get(id) ?? new Set();
      this.#waiting.set(id, waiters);
      let alarm: Alarm | undefined;
      const end = (): void => {
        alarm?.cancel();
        waiters.delete(end);
        if (waiters.size === 0) this.#waiting.delete(id);
        resolve();
      };
      waiters.add(end);
      alarm = this.#rt.clock.alarm(Math.min(ms, most), end, "held");
    });
  }

  #heard(text: string): void {
    const [origin, kind, ...rest] = text.split(" ");
    if (origin === this.#origin) return;
    const id = rest.join(" ");
    if (kind === "settled") this.#wake(id);
    else if (kind === "changed") {
      this.#target.changed(id);
      this.#wake(id);
    } else if (kind === "cleared") {
      this.#target.cleared();
      for (const waiting of [...this.#waiting.keys()]) this.#wake(waiting);
    }
  }

  #wake(id: string): void {
    for (const end of [...(this.#waiting.get(id) ?? [])]) end();
  }

  #bulletins(): Bulletins | undefined {
    return (this.#rt.store as BulletinSource | undefined)?.bulletins;
  }
}
