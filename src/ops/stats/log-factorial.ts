const HALF_LOG_TAU = 0.918_938_533_204_672_8;
/** Below this, products are exact in a double; above it, Stirling's series is right to 14 digits. */
const SERIES_FROM = 16;

/**
 * The natural logarithm of n!: by multiplying for small n, by Stirling's series for others (Abramowitz and Stegun,
 * Handbook of Mathematical Functions, 6.1.41). For whole numbers from 0; a kernel of the tests here, which check theirs.
 */
export function logFactorial(n: number): number {
  if (n < SERIES_FROM) {
    let product = 1;
    for (let factor = 2; factor <= n; factor++) product *= factor;
    return Math.log(product);
  }
  const inverse = 1 / n;
  const square = inverse * inverse;
  const series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680)));
  return (n + 0.5) * Math.log(n) - n + HALF_LOG_TAU + series;
}

/** The natural logarithm of the number of ways to take k of n. */
export function logChoose(n: number, k: number): number {
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k);
}
