import { ConfigError } from "../../core/config.js";

/**
 * What stands before every key. Braces would move all keys of a cluster to one slot.
 *
 * @throws {ConfigError} when it is empty, or has blanks or braces
 */
export function prefixOf(given: string | undefined, option: string): string {
  const prefix = given ?? "keelson";
  if (typeof prefix === "string" && /^[^\s{}]+$/.test(prefix)) return prefix;
  throw new ConfigError(option, given, "text without blanks and braces");
}
