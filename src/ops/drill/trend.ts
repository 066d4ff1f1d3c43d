import { quantile } from "../stats/quantile.js";
import { theilSen } from "../stats/theil-sen.js";
import type { RawCheck } from "../verdict.js";

/** Something measured again and again, at even distances; `null` where it couldn't be. */
export interface Trend {
  readonly name: "p95" | "memory";
  /** What to say where nothing is known. Left out: that there is too little. */
  readonly unknown?: Pick<RawCheck, "verdict" | "reason">;
  readonly metric: string;
  readonly values: readonly (number | null)[];
  /** Growth below this is none, however small the values are. */
  readonly slack: number;
}

const FEWEST = 10;
/** What it may grow by from the beginning to the end, as a part of its median. */
const MOST_GROWTH = 0.2;

/** By how much it grew from the first to the last: the Theil–Sen slope, which a few outliers don't move, times the length. */
export function growthOf(values: Trend["values"]): number | null {
  const points = values.flatMap((y, x) => (y === null ? [] : [{ x, y }]));
  const slope = theilSen(points);
  return slope === null ? null : slope * (values.length - 1);
}

/** Whether something grows that should stay as it is. */
export function judgeTrend({ name, metric, values, slack, unknown }: Trend): RawCheck {
  const known = values.filter((value) => value !== null);
  const growth = growthOf(values);
  const check = { id: `drill:trend:${name}`, title: `${name} doesn't grow`, metric, observed: growth, n: known.length };
  if (unknown !== undefined && known.length === 0) return { ...check, ...unknown };
  if (growth === null || known.length < FEWEST)
    return { ...check, verdict: "inconclusive", reason: `only ${known.length} intervals; it takes ${FEWEST} to tell` };
  const median = quantile(Float64Array.from(known).sort(), 0.5);
  const threshold = Math.max(slack, median * MOST_GROWTH);
  return growth <= threshold
    ? { ...check, threshold, verdict: "pass" }
    : { ...check, threshold, verdict: "fail", reason: `grew by ${growth.toPrecision(3)}, from a median of ${median}` };
}
