import type { Alarm, Clock } from "../../core/clock.js";
import { type CheckedFault, checkFault, type Fault } from "./fault.js";

/** A fault that was injected. */
export interface Injected {
  readonly id: number;
  readonly fault: Fault;
  /** Requests it has struck so far. */
  readonly struck: number;
  /** Whether it can still strike. */
  readonly active: boolean;
  /** Ends it; what it holds back goes on. Harmless when it is gone already. */
  remove(): void;
}

/** A fault that strikes a request. */
export interface Strike {
  readonly checked: CheckedFault;
  /** Resolves when the fault is removed. */
  readonly removed: Promise<void>;
}

class InjectedFault implements Injected, Strike {
  struck = 0;
  active = true;
  alarm: Alarm | undefined;
  readonly removed: Promise<void>;
  letGo: () => void = () => undefined;

  constructor(
    readonly id: number,
    readonly checked: CheckedFault,
    /** Monotonic milliseconds. */
    readonly until: number,
    readonly remove: () => void,
  ) {
    this.removed = new Promise((resolve) => {
      this.letGo = resolve;
    });
  }

  get fault(): Fault {
    return this.checked.fault;
  }
}

/** The faults of an upstream, in the order they were injected. */
export class Faults {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #known = new Map<number, InjectedFault>();
  #ids = 0;

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  /** @throws {ConfigError} naming the option that is wrong */
  inject(fault: Fault): Injected {
    const checked = checkFault(fault);
    const id = ++this.#ids;
    const { ttlMs } = checked;
    const until = ttlMs === undefined ? Infinity : this.#clock.monotonic() + ttlMs;
    const injected = new InjectedFault(id, checked, until, () => void this.remove(id));
    if (ttlMs !== undefined) injected.alarm = this.#clock.alarm(ttlMs, injected.remove, "background");
    this.#known.set(id, injected);
    return injected;
  }

  /** The faults that strike this request: any number of delays, then at most one that decides what comes of it. */
  strike(method: string, path: string): Strike[] {
    const strikes: Strike[] = [];
    for (const injected of this.#known.values()) {
      const { checked } = injected;
      if (!injected.active || !checked.matches(method, path)) continue;
      if (checked.probability < 1 && this.#random() >= checked.probability) continue;
      strikes.push(injected);
      this.#struck(injected);
      if (checked.fault.kind !== "latency" && checked.fault.kind !== "hold") break;
    }
    return strikes;
  }

  /** How long a delay takes this time. */
  delay({ delayMs, jitterMs }: CheckedFault): number {
    return delayMs + (jitterMs === 0 ? 0 : jitterMs * this.#random());
  }

  /** Those that are not gone. A hold that can't strike any more is there as long as it holds something back. */
  all(): readonly Injected[] {
    return [...this.#known.values()];
  }

  /** When a fault goes by itself, in milliseconds from now; `null`: never. */
  leftMs(id: number): number | null {
    const until = this.#known.get(id)?.until ?? Infinity;
    return until === Infinity ? null : Math.max(0, Math.ceil(until - this.#clock.monotonic()));
  }

  /** Removes one; whether it was there. */
  remove(id: number): boolean {
    const injected = this.#known.get(id);
    if (injected === undefined) return false;
    this.#known.delete(id);
    injected.active = false;
    injected.alarm?.cancel();
    injected.letGo();
    return true;
  }

  /** Removes all, and lets what they hold back go on. */
  clear(): void {
    for (const id of [...this.#known.keys()]) this.remove(id);
  }

  #struck(injected: InjectedFault): void {
    injected.struck++;
    if (injected.struck < injected.checked.next) return;
    if (injected.checked.fault.kind === "hold") injected.active = false;
    else this.remove(injected.id);
  }
}
