import { onlyKnown } from "../../core/config.js";
import { bytes, type Duration, milliseconds, type Size } from "../../core/duration.js";

/** Options of a cache's second tier: values in the store, which all processes share. */
export interface Tier2Options {
  /**
   * How long one process may take to load a value for all; then another may, too, and the first one's is not kept. Default
   * `"10s"`.
   */
  readonly lease?: Duration;
  /** How long a read waits while another process loads; then it hands out an old value, or loads itself. Default `"5s"`. */
  readonly wait?: Duration;
  /** How long the store may take to answer; then it has failed. Default `"250ms"`. */
  readonly deadline?: Duration;
  /** How long the store is left alone after it failed. Default `"1s"`. */
  readonly cooldown?: Duration;
  /** The largest value as JSON that is shared; larger ones stay in the process that loaded them. Default `"256kb"`. */
  readonly maxBytes?: Size;
  /**
   * How long a value is held in this process without looking whether it was changed by another. Default: as long as it is
   * fresh, where the store tells of changes; otherwise `"30s"`.
   */
  readonly localTtl?: Duration;
}

/** A second tier's options, checked. */
export interface Tier2Config {
  readonly leaseMs: number;
  readonly waitMs: number;
  readonly deadlineMs: number;
  readonly cooldownMs: number;
  readonly maxBytes: number;
  /** `undefined`: it depends on whether the store tells of changes. */
  readonly localTtlMs: number | undefined;
}

/** @throws {ConfigError} naming the option that is wrong */
export function tier2Config(where: string, given: true | Tier2Options): Tier2Config {
  const options = given === true ? {} : given;
  onlyKnown(options, where, ["lease", "wait", "deadline", "cooldown", "maxBytes", "localTtl"]);
  const { localTtl } = options;
  return {
    leaseMs: milliseconds(options.lease ?? "10s", `${where}.lease`, 1),
    waitMs: milliseconds(options.wait ?? "5s", `${where}.wait`),
    deadlineMs: milliseconds(options.deadline ?? "250ms", `${where}.deadline`, 1),
    cooldownMs: milliseconds(options.cooldown ?? "1s", `${where}.cooldown`),
    maxBytes: bytes(options.maxBytes ?? "256kb", `${where}.maxBytes`),
    localTtlMs: localTtl === undefined ? undefined : milliseconds(localTtl, `${where}.localTtl`, 1),
  };
}
