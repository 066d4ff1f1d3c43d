import { ConfigError } from "../../core/config.js";
import { ascending } from "./quantile.js";

/** A place on a line. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * The Theil–Sen slope: the median of the slopes between all pairs of points, so that a few outliers move nothing. Pairs
 * with the same x have none, and are left out. P. K. Sen, Estimates of the Regression Coefficient Based on Kendall's Tau,
 * Journal of the American Statistical Association 63 (1968), 1379–1389. Takes n² time and memory: for points by the
 * minute, not by the call.
 *
 * @returns y's unit per x's; `null` without two points whose x differs
 * @throws {ConfigError} when a coordinate is no finite number
 */
export function theilSen(points: readonly Point[]): number | null {
  for (const [at, { x, y }] of points.entries())
    if (!Number.isFinite(x) || !Number.isFinite(y))
      throw new ConfigError(`theilSen(points[${at}])`, { x, y }, "finite numbers");
  const slopes = points.flatMap(({ x, y }, at) =>
    points
      .slice(at + 1)
      .filter((other) => other.x !== x)
      .map((other) => (other.y - y) / (other.x - x)),
  );
  if (slopes.length === 0) return null;
  const sorted = ascending(slopes, "theilSen(slopes)");
  const upper = sorted[sorted.length >> 1] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[(sorted.length >> 1) - 1] as number) + upper) / 2;
}
