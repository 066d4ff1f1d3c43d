import { integer } from "../../core/config.js";
import { logChoose } from "./log-factorial.js";

/** So many of so many: bad calls of valid ones, say. */
export interface Events {
  readonly events: number;
  readonly of: number;
}

/**
 * Fisher's exact test, one-sided: how likely at least as many events as `first` has would be in it, were they strewn
 * over both at random. Small where the first one's rate is really higher. R. A. Fisher, The Design of Experiments
 * (1935), chapter 2; the sum over the hypergeometric distribution as in A. Agresti, Categorical Data Analysis (2002), 3.5.
 *
 * @throws {ConfigError} when something is not a whole number from 0, or there are more events than there were occasions
 */
export function fisherExact(first: Events, second: Events): number {
  const drawn = integer(first.of, "fisherExact(first.of)", 0);
  const others = integer(second.of, "fisherExact(second.of)", 0);
  const seen = integer(first.events, "fisherExact(first.events)", 0, drawn);
  const marked = seen + integer(second.events, "fisherExact(second.events)", 0, others);
  const all = drawn + others;
  const least = Math.max(0, marked - others);
  const most = Math.min(marked, drawn);
  const chance = (k: number) =>
    Math.exp(logChoose(marked, k) + logChoose(all - marked, drawn - k) - logChoose(all, drawn));
  // The tail that doesn't hold the bulk is summed, away from it, so that terms only shrink and none starts at nothing.
  const bulk = Math.floor(((marked + 1) * (drawn + 1)) / (all + 2));
  if (seen > bulk) {
    let term = chance(seen);
    let sum = term;
    for (let k = seen; k < most && term > sum * Number.EPSILON; k++) {
      term *= ((marked - k) * (drawn - k)) / ((k + 1) * (others - marked + k + 1));
      sum += term;
    }
    return Math.min(1, sum);
  }
  if (seen <= least) return 1;
  let term = chance(seen - 1);
  let below = term;
  for (let k = seen - 1; k > least && term > below * Number.EPSILON; k--) {
    term *= (k * (others - marked + k)) / ((marked - k + 1) * (drawn - k + 1));
    below += term;
  }
  return Math.max(0, 1 - below);
}
