import type { Deadlines } from "../../core/deadlines.js";
import { type Outcome, type StoreCall, StoreFailure } from "../../core/store.js";
import { Due } from "./due.js";
import type { Sending } from "./evaluate.js";
import { failureOf } from "./failure.js";
import { Rounds } from "./rounds.js";
import type { AnyTwin, Twin } from "./twins/twin.js";
import { unpacked } from "./unpack.js";
import { Wait } from "./wait.js";

/** What a look at a cell came to; `decision` is `undefined` where that takes the script. */
export interface Glanced<D extends object> {
  readonly decision: D | undefined;
}

/** Where looks are sent. */
export interface GlanceRoom {
  readonly sending: Sending;
  readonly closed: boolean;
  deadlines(call: StoreCall | undefined): Deadlines;
  monotonic(): number;
}

interface Look {
  readonly name: string;
  readonly decide: (raw: Uint8Array | null, ttlMs: number) => object | undefined;
  readonly wait: Wait<Glanced<object>>;
  readonly due: Due;
}

/** Looks at cells without a script: those of a tick in one go. */
export class Glances {
  readonly #room: GlanceRoom;
  #looks: Look[] = [];
  readonly #rounds = new Rounds(() => void this.#send());

  constructor(room: GlanceRoom) {
    this.#room = room;
  }

  at<C, I, D extends object>(
    name: string,
    twin: Twin<C, I, D>,
    config: C,
    input: I,
    call: StoreCall | undefined,
  ): Promise<Outcome<Glanced<D>>> {
    const wait = new Wait<Glanced<D>>(call);
    if (call?.signal?.aborted) wait.expire();
    else if (this.#room.closed || !this.#room.sending.link.ready()) wait.settle(new StoreFailure("unavailable", "no"));
    else {
      const due = new Due(this.#room.deadlines(call), this.#room.monotonic());
      due.add(wait);
      const decide = (raw: Uint8Array | null, ttlMs: number) => glanced(twin, raw, ttlMs, config, input);
      this.#looks.push({ name, decide, wait: wait as unknown as Wait<Glanced<object>>, due });
      this.#rounds.add();
    }
    return wait.answer;
  }

  async #send(): Promise<void> {
    const looks = this.#looks;
    this.#looks = [];
    let failure: StoreFailure | undefined;
    let found: readonly (readonly [Uint8Array | null, number])[] = [];
    try {
      found = (await this.#room.sending.link.read?.(looks.map(({ name }) => name))) ?? [];
    } catch (error) {
      // Nothing was to be written.
      const { reason } = failureOf(error);
      failure = new StoreFailure(reason, "no", error);
    }
    for (const [i, { decide, wait, due }] of looks.entries()) {
      due.done();
      const [raw, ttlMs] = found[i] ?? [null, -2];
      wait.settle(failure ?? { decision: decide(raw, ttlMs) });
    }
  }
}

function glanced<C, I, D extends object>(
  twin: Twin<C, I, D>,
  raw: Uint8Array | null,
  ttlMs: number,
  config: C,
  input: I,
): D | undefined {
  const state = raw === null ? undefined : unpacked(raw, (twin as unknown as AnyTwin).width);
  // Of another version, or nothing that a script wrote: it knows what to do.
  if (state === undefined || state[0] !== twin.version || ttlMs <= 0) return undefined;
  return twin.glance?.(state, ttlMs, config, input);
}
