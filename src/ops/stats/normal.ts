/** From here on the continued fraction converges fast, and the series would lose the digits of small tails. */
const TAIL_FROM = 3;

/**
 * How likely a standard normal variable is above z, to some 14 digits, in the tail too. The series about 0 is from
 * G. Marsaglia, Evaluating the Normal Distribution, Journal of Statistical Software 11 (2004); the continued fraction for
 * the tail is Laplace's (Abramowitz and Stegun, 26.2.14).
 */
export function normalAbove(z: number): number {
  if (z < 0) return 1 - normalAbove(-z);
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z >= TAIL_FROM) {
    let fraction = z;
    for (let step = 100; step > 0; step--) fraction = z + step / fraction;
    return density / fraction;
  }
  let term = z;
  let sum = z;
  for (let odd = 3; term > sum * Number.EPSILON; odd += 2) {
    term *= (z * z) / odd;
    sum += term;
  }
  return 0.5 - density * sum;
}
