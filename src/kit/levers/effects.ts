import type { Clock } from "../../core/clock.js";
import type { Events } from "../../core/events.js";
import type { LeverEntry } from "../../core/levers.js";
import { EMPTY_LEDGER, type Ledger, live, slotOf } from "../../kernel/levers/ledger.js";
import type { Control } from "./control.js";

/** What levers do to this process: begun, and ended, as the ledger says and the clock. */
export class Effects {
  readonly #clock: Clock;
  readonly #events: Events;
  readonly #startedAt: number;
  /** What is in effect here, by id. */
  readonly #applied = new Map<string, { readonly entry: LeverEntry; readonly control: Control }>();
  /** What was done, or tried in vain, and is not to be done again. */
  #done = new Set<string>();
  #ledger: Ledger = EMPTY_LEDGER;
  /** How often the ledger was heard of. */
  heard = 0;

  constructor(clock: Clock, events: Events) {
    this.#clock = clock;
    this.#events = events;
    this.#startedAt = clock.wall();
  }

  /** As last heard of. */
  get ledger(): Ledger {
    return this.#ledger;
  }

  /** Those in effect, as far as is known here. */
  active(): readonly LeverEntry[] {
    return live(this.#ledger, this.#clock.wall());
  }

  /** When the next one ends; `undefined`: none does. */
  endsAt(): number | undefined {
    const times = this.active().map(({ expiresAt }) => expiresAt as number);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** This process does it itself: it is not to be done when it is heard of. */
  own(entry: LeverEntry, control: Control): void {
    this.#done.add(entry.id);
    if (control.lasting && control.here !== undefined) this.#applied.set(entry.id, { entry, control });
  }

  /** It was not done. */
  disown({ id }: LeverEntry): void {
    this.#applied.delete(id);
  }

  hear(ledger: Ledger): void {
    this.heard++;
    this.#ledger = ledger;
  }

  /** Makes this process what the ledger says that it is to be now. */
  settle(find: (entry: LeverEntry) => Control | undefined): void {
    const active = this.active();
    for (const [id, { entry, control }] of this.#applied) {
      if (active.some((one) => one.id === id)) continue;
      this.#applied.delete(id);
      // What takes its place says all that this one did: nothing is to come through in between.
      if (!active.some((one) => one.lever === entry.lever && slotOf(one) === slotOf(entry)))
        this.#attempt(entry, () => control.undoHere?.(entry.target, entry.args));
    }
    for (const entry of active) {
      const control = this.#due(entry, find);
      if (control === undefined) continue;
      this.#applied.set(entry.id, { entry, control });
      this.#attempt(entry, () => control.here?.(entry.target, entry.args));
    }
    for (const entry of this.#ledger.shots) {
      // What was done before this process began has no meaning for it.
      const control = entry.at < this.#startedAt ? undefined : this.#due(entry, find);
      if (control !== undefined) this.#attempt(entry, () => control.here?.(entry.target, entry.args));
    }
    const known = new Set([...this.#ledger.active, ...this.#ledger.shots].map(({ id }) => id));
    this.#done = new Set([...this.#done].filter((id) => known.has(id)));
  }

  #due(entry: LeverEntry, find: (entry: LeverEntry) => Control | undefined): Control | undefined {
    if (this.#done.has(entry.id)) return undefined;
    const control = find(entry);
    // (What isn't defined yet may be later.)
    if (control === undefined) return undefined;
    this.#done.add(entry.id);
    return control.here === undefined ? undefined : control;
  }

  #attempt(entry: LeverEntry, act: () => void | Promise<void>): void {
    const told = (error: unknown) => this.#events.emit("lever.failed", { name: entry.target, ...entry, error });
    try {
      const acted = act();
      if (acted instanceof Promise) acted.catch(told);
    } catch (error) {
      told(error);
    }
  }
}
