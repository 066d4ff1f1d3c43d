import { ConfigError, integer } from "../../core/config.js";

/** A call's outcome that counts against a service. */
export const BAD_OUTCOMES = ["5xx", "network", "timeout", "unknown"] as const;
export type BadOutcome = (typeof BAD_OUTCOMES)[number];

/** How the calls of a scenario ended. Valid is success and bad together; what was expected to be refused is neither. */
export interface OutcomeCounts extends Readonly<Record<BadOutcome, number>> {
  readonly valid: number;
  readonly success: number;
  readonly expected4xx: number;
}

/** One valid call. */
export interface LatencySample {
  /** Response time in milliseconds, from when it was due. */
  readonly ms: number;
  /** The block of the schedule that it was made in. */
  readonly block: number;
}

/** What one arm did in one scenario. */
export interface ScenarioMeasured {
  readonly scenario: string;
  /** Whether a regression in it rolls back. The policy may overrule it. */
  readonly critical: boolean;
  /** Of the valid calls, in the order in which they were due. */
  readonly samples: readonly LatencySample[];
  readonly counts: OutcomeCounts;
}

/** How a probe of one arm went. */
export interface ProbeMeasured {
  readonly id: string;
  readonly critical: boolean;
  readonly passed: boolean;
}

/** Everything measured on one arm. */
export interface Arm {
  readonly scenarios: readonly ScenarioMeasured[];
  readonly probes: readonly ProbeMeasured[];
}

/** Limits of a scenario that hold whatever control does. */
export interface SloLimits {
  /** Milliseconds. */
  readonly p95Ms?: number;
  /** Share of the valid calls that may be bad. */
  readonly maxErrorRate?: number;
}

/** Calls that count, and the bad ones among them. */
export function badOf(counts: OutcomeCounts): number {
  return BAD_OUTCOMES.reduce((sum, outcome) => sum + counts[outcome], 0);
}

/**
 * Checks what was measured: whole counts that add up, latencies that are times, nothing twice.
 *
 * @throws {ConfigError} naming the arm, the scenario and the value
 */
export function checkArm(arm: Arm, name: string): void {
  once(
    arm.scenarios.map(({ scenario }) => scenario),
    `${name}.scenarios`,
  );
  once(
    arm.probes.map(({ id }) => id),
    `${name}.probes`,
  );
  for (const { scenario, samples, counts } of arm.scenarios) {
    const where = `${name}.${scenario}`;
    for (const outcome of [...BAD_OUTCOMES, "success", "expected4xx", "valid"] as const)
      integer(counts[outcome], `${where}.counts.${outcome}`, 0);
    const together = counts.success + badOf(counts);
    if (counts.valid !== together)
      throw new ConfigError(`${where}.counts.valid`, counts.valid, `success and bad calls together, ${together}`);
    if (samples.length > counts.valid)
      throw new ConfigError(`${where}.samples`, samples.length, `at most one for each of ${counts.valid} valid calls`);
    for (const [at, { ms }] of samples.entries())
      if (!(Number.isFinite(ms) && ms >= 0))
        throw new ConfigError(`${where}.samples[${at}].ms`, ms, "milliseconds, at least 0");
  }
}

function once(names: readonly string[], where: string): void {
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new ConfigError(where, twice, "each name once");
}
