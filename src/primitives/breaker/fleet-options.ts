import { integer, onlyKnown } from "../../core/config.js";
import { type Duration, milliseconds } from "../../core/duration.js";
import type { SharedBreakerConfig } from "../../kernel/breaker/shared-breaker.js";

/** How a breaker acts in concert with those of other processes. */
export interface SharedBreakerOptions {
  /** Processes whose circuit has to be open before it opens in all. Default 2. */
  readonly quorum?: number;
  /** How long one process may try the callee for all, before another does. Default `"5s"`. */
  readonly probe?: Duration;
  /** How often it looks whether others' circuits have opened. Where the store tells, it hears at once. Default `"1s"`. */
  readonly poll?: Duration;
  /** How long the store may take to answer; then it has failed. Default `"250ms"`. */
  readonly deadline?: Duration;
}

/** {@link SharedBreakerOptions}, checked; times in milliseconds. */
export interface FleetConfig extends SharedBreakerConfig {
  readonly pollMs: number;
  readonly deadlineMs: number;
}

/** @throws {ConfigError} naming the option that is wrong */
export function fleetConfig(where: string, given: true | SharedBreakerOptions): FleetConfig {
  const options = given === true ? {} : given;
  onlyKnown(options, where, ["quorum", "probe", "poll", "deadline"]);
  return {
    quorum: integer(options.quorum ?? 2, `${where}.quorum`, 1, 128),
    probeMs: milliseconds(options.probe ?? "5s", `${where}.probe`, 1),
    pollMs: milliseconds(options.poll ?? "1s", `${where}.poll`, 10),
    deadlineMs: milliseconds(options.deadline ?? "250ms", `${where}.deadline`, 1),
  };
}
