import type { CheckedProxyFault, ProxyFault } from "./proxy-fault.js";

/** One way of a connection. */
export type Direction = "requests" | "answers";

/** What the faults that are there come to, for one connection. */
export class Conditions {
  readonly #faults: () => readonly CheckedProxyFault[];
  readonly #random: () => number;

  constructor(faults: () => readonly CheckedProxyFault[], random: () => number) {
    this.#faults = faults;
    this.#random = random;
  }

  /** How much later bytes that come now are passed on, in milliseconds. */
  delayMs(way: Direction): number {
    return this.#of("latency", way).reduce(
      (sum, { delayMs, jitterMs }) => sum + delayMs + (jitterMs === 0 ? 0 : jitterMs * this.#random()),
      0,
    );
  }

  /** `Infinity`: as much as there is. */
  bytesPerMs(way: Direction): number {
    return Math.min(Infinity, ...this.#of("bandwidth", way).map(({ bytesPerMs }) => bytesPerMs));
  }

  /** How much later the end of a way is told. */
  closeMs(way: Direction): number {
    return Math.max(0, ...this.#of("slow-close", way).map(({ delayMs }) => delayMs));
  }

  swallows(way: Direction): boolean {
    return this.#of("blackhole", way).length > 0;
  }

  resetsOn(moment: "connect" | "answer"): boolean {
    return this.#faults().some(({ fault }) => fault.kind === "reset" && (fault.on ?? "connect") === moment);
  }

  #of(kind: ProxyFault["kind"], way: Direction): readonly CheckedProxyFault[] {
    return this.#faults().filter((checked) => checked.fault.kind === kind && checked[way]);
  }
}
