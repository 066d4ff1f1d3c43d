import type { Clock } from "../../core/clock.js";
import { integer } from "../../core/config.js";
import { isKeelsonError, KeelsonError } from "../../core/errors.js";
import type { Events } from "../../core/events.js";
import type { AuditEntry, Lever, LeverAct, LeverEntry, LeverPull, Levers } from "../../core/levers.js";
import { StoreFailure } from "../../core/store.js";
import {
  expired,
  failed,
  type Ledger,
  live,
  MOST_ACTIVE,
  MOST_AUDIT,
  pulled,
  released,
} from "../../kernel/levers/ledger.js";
import type { Control } from "./control.js";
import { Effects } from "./effects.js";
import { refused, requested, signed } from "./request.js";
import type { SharedLedger } from "./shared-ledger.js";

const RETRY_MS = 1_000;
/** Whoever knows what an expired lever acted upon has had the time to undo it. */
const ABANDONED_MS = 24 * 3_600_000;

/** What levers need. */
export interface LeverParts {
  readonly clock: Clock;
  readonly events: Events;
  readonly ledger: SharedLedger;
  controls(): readonly Control[];
  /** Whether anything changes in the store that isn't heard of here. */
  readonly shared: boolean;
  /** Whether this place lives for one call: then there is nothing in it to act upon. */
  readonly perCall: boolean;
  /** When something has changed: the time of the next look may be another. */
  changed?(byUs: boolean): void;
}

/** The levers of a kit, or of one call. */
export class KitLevers implements Levers {
  readonly #parts: LeverParts;
  readonly effects: Effects;

  constructor(parts: LeverParts) {
    this.#parts = parts;
    this.effects = new Effects(parts.clock, parts.events);
  }

  catalogue(): readonly Lever[] {
    return this.#parts.controls().map(({ lever, describe, lasting, args, targets }) => ({
      lever,
      describe,
      targets: targets(),
      lasting,
      args: args.map((arg) => ({ ...arg })),
    }));
  }

  async pull(pull: LeverPull): Promise<LeverEntry> {
    const { control, target, args, by, reason, ms } = requested(pull, this.#parts.controls());
    const at = this.#now();
    const expiresAt = ms === 0 ? null : at + ms;
    const entry: LeverEntry = {
      id: crypto.randomUUID(),
      lever: control.lever,
      target,
      args,
      by,
      reason,
      at,
      expiresAt,
    };
    let former: readonly LeverEntry[] = [];
    await this.#change(
      (ledger) => {
        if (ms > 0 && live(ledger, this.#now()).length >= MOST_ACTIVE)
          throw refused("validation", `${MOST_ACTIVE} levers are in effect`, "one more when another has ended");
        const next = pulled(ledger, entry);
        if (next.former.length > 0) former = next.former;
        return next.ledger;
      },
      () => this.effects.own(entry, control),
    );
    let count: number | undefined;
    try {
      for (const one of former) if (one.lever !== entry.lever) await this.#undoOnce(one);
      if (control.once === undefined) await control.here?.(target, args);
      else count = await control.once(target, args, ms);
    } catch (error) {
      await this.#inVain(entry, error);
      throw told(`${entry.lever} could not be done, which the audit says`, error);
    }
    const done: LeverEntry = count === undefined ? entry : { ...entry, count };
    this.#parts.events.emit("lever.pulled", { name: target, ...done });
    return done;
  }

  async release(id: string, given: { readonly by: string; readonly reason: string }): Promise<LeverEntry> {
    const { by, reason } = signed(typeof given === "object" && given !== null ? given : {});
    const act: LeverAct = { by, reason, at: this.#now() };
    let entry: LeverEntry | undefined;
    await this.#change(async (ledger) => {
      const next = released(ledger, id, act);
      if (next === undefined) {
        // Released already, and the answer to that was lost.
        if (entry !== undefined) return ledger;
        const ids = ledger.active.map((one) => one.id);
        throw refused("not_found", `no lever ${JSON.stringify(id)} is in effect`, ids);
      }
      entry = ledger.active.find((one) => one.id === id) as LeverEntry;
      await this.#undoOnce(entry).catch((error: unknown) => {
        throw told(`${entry?.lever} could not be taken back, and is in effect`, error);
      });
      return next;
    });
    const done = { ...(entry as unknown as LeverEntry), released: act };
    this.#parts.events.emit("lever.released", { name: done.target, ...withoutEnds(done), ...act });
    return done;
  }

  async active(): Promise<readonly LeverEntry[]> {
    if (this.#parts.shared) await this.look();
    return this.effects.active();
  }

  async audit({ limit = 50 }: { readonly limit?: number } = {}): Promise<readonly AuditEntry[]> {
    if (!Number.isSafeInteger(limit) || limit < 1 || limit > MOST_AUDIT)
      throw refused("validation", `audit: limit is ${String(limit)}`, `a whole number from 1 to ${MOST_AUDIT}`);
    const all = await this.#parts.ledger.audit();
    if (all instanceof StoreFailure) throw this.#unavailable(all);
    return [...all].reverse().slice(0, integer(limit, "limit", 1));
  }

  async look(): Promise<void> {
    const before = this.effects.heard;
    const ledger = await this.#parts.ledger.read();
    if (ledger instanceof StoreFailure) {
      this.#tellFailure(ledger);
      return;
    }
    // What was heard while this was under way may be younger.
    if (before === this.effects.heard || ledger.rev >= this.effects.ledger.rev) this.#hear(ledger, false);
    await this.end();
  }

  /** Acts upon what is known: something was defined, or time has passed. */
  refresh(): void {
    if (this.effects.heard > 0) this.effects.settle((entry) => this.#control(entry));
  }

  /** Takes out what has expired, and undoes in the store what it did there. */
  async end(): Promise<void> {
    const due = this.#due(this.effects.ledger);
    if (due.length === 0 || due.every((entry) => this.#control(entry) === undefined && !this.#abandoned(entry))) return;
    let gone: readonly LeverEntry[] = [];
    const changed = await this.#parts.ledger.change(async (ledger) => {
      const ended: LeverEntry[] = [];
      for (const entry of this.#due(ledger)) if (await this.#ended(entry)) ended.push(entry);
      if (ended.length > 0) gone = ended;
      return expired(ledger, ended);
    });
    if (changed instanceof StoreFailure) {
      this.#tellFailure(changed);
      return;
    }
    this.#hear(changed, gone.length > 0);
    for (const entry of gone) this.#parts.events.emit("lever.expired", { name: entry.target, ...entry });
  }

  #due({ active }: Ledger): readonly LeverEntry[] {
    const now = this.#now();
    return active.filter(({ expiresAt }) => expiresAt !== null && expiresAt <= now);
  }

  async #ended(entry: LeverEntry): Promise<boolean> {
    if (this.#control(entry) === undefined) return this.#abandoned(entry);
    try {
      await this.#undoOnce(entry);
      return true;
    } catch (error) {
      // It stays, and is tried again with the next look.
      this.#parts.events.emit("lever.failed", { name: entry.target, ...entry, error });
      return false;
    }
  }

  #abandoned({ expiresAt }: LeverEntry): boolean {
    return this.#now() - (expiresAt ?? 0) > ABANDONED_MS;
  }

  async #undoOnce({ lever, target, args }: LeverEntry): Promise<void> {
    await this.#control({ lever, target })?.undoOnce?.(target, args);
  }

  #control({ lever, target }: Pick<LeverEntry, "lever" | "target">): Control | undefined {
    const control = this.#parts.controls().find((one) => one.lever === lever);
    return control?.targets().includes(target) ? control : undefined;
  }

  async #inVain(entry: LeverEntry, error: unknown): Promise<void> {
    this.effects.disown(entry);
    this.#parts.events.emit("lever.failed", { name: entry.target, ...entry, error });
    const noted = await this.#parts.ledger.change((ledger) => failed(ledger, entry));
    if (noted instanceof StoreFailure) this.#tellFailure(noted);
    else this.#hear(noted, true);
  }

  /** @throws {KeelsonError} `unavailable` when the store failed */
  async #change(decide: (ledger: Ledger) => Ledger | Promise<Ledger>, kept?: () => void): Promise<void> {
    const changed = await this.#parts.ledger.change(decide);
    if (changed instanceof StoreFailure) {
      this.#tellFailure(changed);
      throw this.#unavailable(changed);
    }
    kept?.();
    if (changed.rev > this.effects.ledger.rev) this.#hear(changed, true);
    else await this.look();
  }

  #hear(ledger: Ledger, byUs: boolean): void {
    this.effects.hear(ledger);
    if (!this.#parts.perCall) this.refresh();
    this.#parts.changed?.(byUs);
  }

  #now(): number {
    return Math.floor(this.#parts.clock.wall());
  }

  #tellFailure({ reason, applied, error }: StoreFailure): void {
    if (this.#parts.events.wants("store.failure"))
      this.#parts.events.emit("store.failure", { name: "levers", reason, applied, policy: "as last known", error });
  }

  #unavailable({ reason, applied, error }: StoreFailure): KeelsonError {
    const done = applied === "unknown" ? "; whether it was done, the audit says" : "; nothing was done";
    const detail = `levers: the store can't be reached (${reason})${done}`;
    return new KeelsonError("unavailable", detail, { detail, cause: error, retryAfterMs: RETRY_MS, source: "levers" });
  }
}

/** Operators may be told what an error keeps from clients. */
function told(what: string, error: unknown): unknown {
  if (!isKeelsonError(error) || error.detail !== undefined) return error;
  const { code, message, retryAfterMs, source = "levers" } = error;
  const detail = `${what}: ${message}`;
  return new KeelsonError(code, detail, { detail, cause: error, source, ...(retryAfterMs && { retryAfterMs }) });
}

function withoutEnds({
  released: _,
  superseded: __,
  ...entry
}: LeverEntry): Omit<LeverEntry, "released" | "superseded"> {
  return entry;
}
