import { UsageError } from "./failure.js";

/**
 * Those of some things that a filter names, `*` standing for any part; all without a filter.
 *
 * @throws {UsageError} when a name fits nothing: a filter that matches nothing would be a run that proves nothing
 */
export function chosen<T>(
  things: readonly T[],
  nameOf: (thing: T) => string,
  filter: readonly string[] | undefined,
  option: string,
): T[] {
  if (filter === undefined) return [...things];
  const patterns = filter.map((name) => [name, glob(name)] as const);
  for (const [name, pattern] of patterns) {
    if (things.some((thing) => pattern.test(nameOf(thing)))) continue;
    const known = things.map(nameOf);
    throw new UsageError(
      `${option}: ${JSON.stringify(name)} matches nothing; there ${known.length === 0 ? "are none" : `are ${known.join(", ")}`}`,
    );
  }
  return things.filter((thing) => patterns.some(([, pattern]) => pattern.test(nameOf(thing))));
}

/** A pattern in which `*` stands for any part of a name. */
export function glob(pattern: string): RegExp {
  return new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`);
}
