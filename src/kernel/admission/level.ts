/**
 * How far down the priorities requests get through, as one number: with `n` classes, `n` lets in all of them, 1.25 the
 * first and a quarter of the second. So whoever matters least is refused first, and one class at most is cut in two.
 * (After the admission level of WeChat's DAGOR: Zhou et al., "Overload Control for Scaling WeChat Microservices", SoCC
 * 2018, which cuts by user instead.)
 */

/** The lowest level that lets `target` of what comes through: `rates` are those of the classes, the first one first. */
export function levelFor(rates: readonly number[], target: number): number {
  let left = Math.max(0, target);
  for (const [at, rate] of rates.entries()) {
    if (rate > left) return at + left / rate;
    left -= rate;
  }
  return rates.length;
}

/** Which part of a class a level lets in, from 0 to 1. */
export function shareOf(level: number, priority: number): number {
  return Math.min(1, Math.max(0, level - priority));
}
