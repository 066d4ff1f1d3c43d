import { fraction } from "../../core/config.js";

/**
 * Holm's step-down adjustment of p-values that belong together: those still below α afterwards may all be believed, and
 * one of them is wrong with a chance of at most α. S. Holm, A simple sequentially rejective multiple test procedure,
 * Scandinavian Journal of Statistics 6 (1979), 65–70.
 *
 * @returns the adjusted values, in the order of the given ones
 * @throws {ConfigError} when one is not from 0 to 1
 */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues
    .map((p, at) => [fraction(p, `holm(pValues[${at}])`, 0, 1), at] as const)
    .sort(([a], [b]) => a - b);
  const adjusted = new Array<number>(pValues.length);
  let most = 0;
  for (const [step, [p, at]] of order.entries()) {
    most = Math.max(most, Math.min(1, p * (pValues.length - step)));
    adjusted[at] = most;
  }
  return adjusted;
}
