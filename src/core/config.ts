/**
 * A wrong option, found when it was given. The message names the option, the value and what is allowed.
 */
export class ConfigError extends TypeError {
  override readonly name = "ConfigError";
  readonly code = "config";

  constructor(
    /** Path of the option: `limiter("chat").limit`. */
    readonly option: string,
    /** What was given. */
    readonly value: unknown,
    /** What would have been allowed, in words. */
    readonly allowed: string,
  ) {
    super(`${option}: got ${shown(value)}; allowed: ${allowed}`);
  }
}

function shown(value: unknown): string {
  if (typeof value === "function") return "a function";
  if (typeof value === "bigint") return `${value}n`;
  if (value === undefined || typeof value === "symbol" || (typeof value === "number" && !Number.isFinite(value)))
    return String(value);
  try {
    const json = JSON.stringify(value);
    return json.length > 80 ? `${json.slice(0, 77)}...` : json;
  } catch {
    return Object.prototype.toString.call(value);
  }
}

/**
 * Checks a whole number.
 *
 * @throws {ConfigError} when it is not one, or is out of range.
 */
export function integer(value: unknown, option: string, min: number, max: number = Number.MAX_SAFE_INTEGER): number {
  if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max) return value as number;
  throw new ConfigError(
    option,
    value,
    max === Number.MAX_SAFE_INTEGER ? `a whole number, at least ${min}` : `a whole number from ${min} to ${max}`,
  );
}

/**
 * Checks a finite number.
 *
 * @throws {ConfigError} when it is not one, or is out of range.
 */
export function fraction(value: unknown, option: string, min: number, max: number): number {
  if (typeof value === "number" && value >= min && value <= max) return value;
  throw new ConfigError(option, value, `a number from ${min} to ${max}`);
}

/**
 * Checks one of a few words.
 *
 * @throws {ConfigError} when it is none of them.
 */
export function oneOf<const T extends string>(value: unknown, option: string, allowed: readonly T[]): T {
  if ((allowed as readonly unknown[]).includes(value)) return value as T;
  throw new ConfigError(option, value, allowed.map((word) => JSON.stringify(word)).join(" | "));
}

/**
 * Checks that options are an object, and have none outside `known`: a misspelt option can't be ignored in silence.
 *
 * @throws {ConfigError} naming the first unknown option.
 */
export function onlyKnown(options: object, where: string, known: readonly string[]): void {
  if (typeof options !== "object" || options === null)
    throw new ConfigError(where, options, `an object with any of ${known.join(", ")}`);
  for (const key of Object.keys(options)) {
    if (!known.includes(key))
      throw new ConfigError(
        `${where}.${key}`,
        (options as Record<string, unknown>)[key],
        `no such option; one of ${known.join(", ")}`,
      );
  }
}
