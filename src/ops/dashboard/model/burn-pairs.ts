/** An alert on a burn rate: it holds when both windows burn faster than the factor. */
export interface BurnPair {
  /** Times the rate at which the budget lasts exactly its period. Compared by `>`. */
  readonly factor: number;
  readonly longSec: number;
  readonly shortSec: number;
  /** What it means: somebody is woken up, or there is work for the day. */
  readonly severity: "page" | "ticket";
}

/** The usual ones for a budget of 30 days: Google's SRE Workbook, chapter 5, table 5-8. */
export const BURN_PAIRS: readonly BurnPair[] = [
  { factor: 14.4, longSec: 3_600, shortSec: 300, severity: "page" },
  { factor: 6, longSec: 21_600, shortSec: 1_800, severity: "page" },
  { factor: 3, longSec: 86_400, shortSec: 7_200, severity: "ticket" },
  { factor: 1, longSec: 259_200, shortSec: 21_600, severity: "ticket" },
];
