import type { BulletinSource } from "../../core/bulletins.js";
import type { Alarm, Clock } from "../../core/clock.js";
import type { Store } from "../../core/store.js";
import type { KitLevers } from "./kit-levers.js";

const TOPIC = "levers";
/** Processes end what has expired one after another, so that mostly one does it for all. */
const SPREAD_MS = 500;

/**
 * Looks now and then what other processes did with the levers, at once where the store tells, and ends what has expired
 * when it does. What the store doesn't answer leaves everything as it is, but for what ends by itself.
 */
export class LeverWatch {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #levers: KitLevers;
  readonly #store: Store | undefined;
  readonly #everyMs: number;
  #looking: Alarm | undefined;
  #ending: Alarm | undefined;
  #listening = false;
  #unhear: (() => void) | undefined;
  #begun = false;
  #closed = false;

  /** @param store one that other processes share; left out: nobody else pulls levers */
  constructor(
    levers: KitLevers,
    { clock, random }: { readonly clock: Clock; readonly random: () => number },
    store: Store | undefined,
    everyMs: number,
  ) {
    this.#levers = levers;
    this.#clock = clock;
    this.#random = random;
    this.#store = store;
    this.#everyMs = everyMs;
  }

  /** Begins to look; where a platform has no timers while its modules load, with the first call. */
  start(): void {
    if (this.#begun || this.#closed || this.#store === undefined) return;
    try {
      this.#lookIn(0);
      this.#begun = true;
    } catch {
      // Not yet: the next call of this tries again.
      this.#begun = false;
    }
  }

  /** The ledger is known anew. */
  changed(byUs: boolean): void {
    if (byUs) (this.#store as BulletinSource | undefined)?.bulletins?.tell(TOPIC, "");
    this.#ending?.cancel();
    this.#ending = undefined;
    const endsAt = this.#levers.effects.endsAt();
    if (endsAt !== undefined && !this.#closed) this.#endAt(endsAt);
  }

  close(): void {
    this.#closed = true;
    this.#looking?.cancel();
    this.#ending?.cancel();
    this.#unhear?.();
  }

  #lookIn(ms: number): void {
    this.#looking = this.#clock.alarm(
      ms,
      () => {
        this.#listen();
        void this.#look();
        if (!this.#closed) this.#lookIn(Math.ceil(this.#everyMs * (0.5 + this.#random() / 2)));
      },
      "background",
    );
  }

  async #look(): Promise<void> {
    await this.#levers.look();
  }

  #endAt(at: number): void {
    this.#ending = this.#clock.alarm(
      Math.max(1, Math.ceil(at - this.#clock.wall())),
      () => {
        // The wall clock may have been put back meanwhile: then there is more to wait.
        if (this.#clock.wall() < at) {
          this.#endAt(at);
          return;
        }
        this.#levers.refresh();
        const spread = this.#store === undefined ? 0 : Math.floor(this.#random() * SPREAD_MS);
        this.#ending = this.#clock.alarm(spread, () => void this.#end(), "background");
      },
      "background",
    );
  }

  async #end(): Promise<void> {
    await this.#levers.end();
    const endsAt = this.#levers.effects.endsAt();
    if (endsAt !== undefined && !this.#closed) this.changed(false);
  }

  #listen(): void {
    const bulletins = (this.#store as BulletinSource | undefined)?.bulletins;
    if (this.#listening || bulletins === undefined) return;
    this.#listening = true;
    const look = () => void this.#look();
    const ended = (unhear: () => void) => {
      if (this.#closed) unhear();
      else this.#unhear = unhear;
    };
    const failed = () => {
      // It looks now and then, and tries again to listen with the next look.
      this.#listening = false;
    };
    try {
      const heard = bulletins.hear(TOPIC, look, look);
      if (heard instanceof Promise) heard.then(ended, failed);
      else ended(heard);
    } catch {
      failed();
    }
  }
}
