import type { AuditEntry } from "../../core/levers.js";
import { type MaybePromise, StoreFailure } from "../../core/store.js";
import { EMPTY_LEDGER, joined, type Ledger, overflow, trimmed } from "../../kernel/levers/ledger.js";
import type { FencedText } from "./fenced-text.js";

const LEDGER = "ledger";
const ARCHIVE = "archive";

/** A service's ledger of levers, in its store: one for all processes. */
export class SharedLedger {
  readonly #texts: FencedText;

  constructor(texts: FencedText) {
    this.#texts = texts;
  }

  async read(): Promise<Ledger | StoreFailure> {
    const found = await this.#texts.read(LEDGER);
    return found instanceof StoreFailure ? found : readable(() => ledgerOf(found.text));
  }

  /**
   * Changes it: two who do so at once do it one after the other.
   *
   * @param decide may be asked several times, and throw: then nothing is changed
   * @returns the ledger as it is then
   */
  async change(decide: (ledger: Ledger) => MaybePromise<Ledger>): Promise<Ledger | StoreFailure> {
    let last = EMPTY_LEDGER;
    const failure = await this.#texts.change(LEDGER, async (text) => {
      const before = ledgerOf(text);
      const after = await decide(before);
      last = after;
      if (after === before) return undefined;
      last = await this.#archived(after);
      return JSON.stringify(last);
    });
    return failure ?? last;
  }

  /** Everything that was done, oldest first. */
  async audit(): Promise<readonly AuditEntry[] | StoreFailure> {
    const ledger = await this.read();
    if (ledger instanceof StoreFailure) return ledger;
    const older = await this.#texts.read(ARCHIVE);
    return older instanceof StoreFailure ? older : readable(() => joined(archiveOf(older.text), ledger.recent));
  }

  /** Old lines go into the archive before they go from the ledger: what is in both is told once. */
  async #archived(ledger: Ledger): Promise<Ledger> {
    const old = overflow(ledger);
    if (old.length === 0) return ledger;
    const failure = await this.#texts.change(ARCHIVE, (text) => JSON.stringify(joined(archiveOf(text), old)));
    return failure === undefined ? trimmed(ledger, old) : ledger;
  }
}

function ledgerOf(text: string | null): Ledger {
  return text === null ? EMPTY_LEDGER : (JSON.parse(text) as Ledger);
}

function archiveOf(text: string | null): readonly AuditEntry[] {
  return text === null ? [] : (JSON.parse(text) as readonly AuditEntry[]);
}

/** Somebody else wrote there: that is no reason to break. */
function readable<T extends object>(parse: () => T): T | StoreFailure {
  try {
    return parse();
  } catch (error) {
    return new StoreFailure("version", "no", error);
  }
}
