/**
 * Reads a Retry-After header (RFC 9110, 10.2.3): seconds, or a date.
 *
 * @param wall Unix time in milliseconds, which a date is compared with
 * @returns milliseconds, never negative; `undefined` where there is none that can be read
 */
export function parseRetryAfter(header: string | null | undefined, wall: number): number | undefined {
  const text = header?.trim();
  if (text === undefined || text === "") return undefined;
  // Some callees send fractions of a second, which the RFC doesn't know; they are clear enough.
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text) * 1000;
  // A date has a weekday or a month's name; Date.parse would also take "-1" for a year.
  const date = /[a-z]{3}/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - wall);
}
