import { ConfigError } from "./config.js";

/** `"250ms"`, `"30s"`, `"5m"`, `"1h"`, `"7d"`, or a number of milliseconds. */
export type Duration = number | `${number}${"ms" | "s" | "m" | "h" | "d"}`;

/** `"512b"`, `"64kb"`, `"1mb"` (1 kb = 1024 bytes), or a number of bytes. */
export type Size = number | `${number}${"b" | "kb" | "mb"}`;

const MILLISECONDS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const BYTES: Record<string, number> = { b: 1, kb: 1024, mb: 1024 * 1024 };

/**
 * A duration in milliseconds, rounded to whole ones.
 *
 * @throws {ConfigError} naming `option` when the value is not a duration, is negative, or is below `min`.
 */
export function milliseconds(value: Duration, option: string, min = 0): number {
  const parsed = quantity(value, MILLISECONDS);
  if (parsed === undefined || parsed < min) {
    throw new ConfigError(
      option,
      value,
      `a duration like "250ms", "30s", "5m", "1h", "7d" or milliseconds, at least ${min}ms`,
    );
  }
  return parsed;
}

/**
 * A size in bytes.
 *
 * @throws {ConfigError} naming `option` when the value is not a size.
 */
export function bytes(value: Size, option: string): number {
  const parsed = quantity(value, BYTES);
  if (parsed === undefined) throw new ConfigError(option, value, 'a size like "512b", "64kb", "1mb" or bytes');
  return parsed;
}

function quantity(value: unknown, units: Record<string, number>): number | undefined {
  let amount: number;
  if (typeof value === "number") amount = value;
  else {
    const match = typeof value === "string" ? /^(\d+(?:\.\d+)?)([a-z]+)$/.exec(value) : null;
    const unit = match === null ? undefined : units[match[2] as string];
    if (match === null || unit === undefined) return undefined;
    amount = Number(match[1]) * unit;
  }
  const whole = Math.round(amount);
  return Number.isSafeInteger(whole) && whole >= 0 ? whole : undefined;
}
