/** How a request ended. Columns of samples hold the index. */
export const OUTCOMES = ["success", "expected4xx", "5xx", "network", "timeout", "unknown", "aborted"] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** The index of an outcome. */
export const OUTCOME = {
  success: 0,
  expected4xx: 1,
  "5xx": 2,
  network: 3,
  timeout: 4,
  unknown: 5,
  aborted: 6,
} as const satisfies Record<Outcome, number>;

/** Those that count as bad. Good and bad ones together are valid: all others count as neither. */
export const BAD = ["5xx", "network", "timeout", "unknown"] as const;

/** How many requests ended how. */
export type OutcomeCounts = Readonly<Record<Outcome, number>>;

/** Whether it counts for availability and latency. */
export function isValid(outcome: number): boolean {
  return outcome !== OUTCOME.expected4xx && outcome !== OUTCOME.aborted;
}

/** Failures of ours or of the way that are a time-out by their code. */
const TIMEOUTS = new Set(["UND_ERR_CONNECT_TIMEOUT", "UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT"]);
/** What came was no HTTP, or not what its head said: the connection did its part. */
const NO_HTTP = /^(?:HPE_|UND_ERR_(?:RES|REQ|HEADERS|INVALID|NOT_SUPPORTED))/;

/** What a failure of a request without a whole answer counts as. */
export function outcomeOfFailure({ name }: Error, code: string): number {
  if (TIMEOUTS.has(code)) return OUTCOME.timeout;
  return name === "HTTPParserError" || NO_HTTP.test(code) ? OUTCOME.unknown : OUTCOME.network;
}
