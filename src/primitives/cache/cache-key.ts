/** Marks a key that was made of something else than text. Text that begins with it gets it once more. */
const MARK = "\u0000";

/**
 * The text of a key: equal for values that are equal in structure, whatever the order of an object's properties, and
 * different for all others (`1` and `"1"`, `null` and no property, `-0` and `0`). Text is its own key. Takes what JSON
 * takes, `undefined`, `NaN`, the infinities, bigints, dates, URLs, maps and sets of such, and byte arrays; a property
 * that is `undefined` counts as missing. As long as what it is made of.
 *
 * @throws {TypeError} for functions, symbols, cycles, and instances of classes
 */
export function cacheKey(value: unknown): string {
  if (typeof value === "string") return value.charCodeAt(0) === 0 ? MARK + value : value;
  return MARK + encoded(value, []);
}

function encoded(value: unknown, above: readonly object[]): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "boolean":
      return value ? "t" : "f";
    case "undefined":
      return "u";
    case "bigint":
      return `${value}n`;
    case "object":
      return value === null ? "null" : structure(value, above);
    default:
      throw new TypeError(`cacheKey: a ${typeof value} can't be part of a key`);
  }
}

function structure(value: object, above: readonly object[]): string {
  if (above.includes(value)) throw new TypeError("cacheKey: a key can't contain itself");
  const below = [...above, value];
  if (Array.isArray(value)) return `[${value.map((item) => encoded(item, below)).join()}]`;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return record(value as Record<string, unknown>, below);
  if (value instanceof Date) return `D${value.getTime()}`;
  if (value instanceof URL) return `L${JSON.stringify(value.href)}`;
  if (value instanceof Uint8Array) return `B[${value.join()}]`;
  if (value instanceof Set)
    return `S{${[...value]
      .map((item) => encoded(item, below))
      .sort()
      .join()}}`;
  if (value instanceof Map) {
    const entries = [...value].map(([key, item]) => `${encoded(key, below)}:${encoded(item, below)}`);
    return `M{${entries.sort().join()}}`;
  }
  throw new TypeError(`cacheKey: an instance of ${value.constructor?.name ?? "a class"} can't be part of a key`);
}

function record(value: Record<string, unknown>, below: readonly object[]): string {
  const names = Object.keys(value);
  // Most keys are written in one place, in one order: sorting what is sorted costs nothing.
  for (let i = 1; i < names.length; i++) {
    if ((names[i - 1] as string) > (names[i] as string)) {
      names.sort();
      break;
    }
  }
  let text = "{";
  for (const name of names) {
    const item = value[name];
    if (item !== undefined) text += `${JSON.stringify(name)}:${encoded(item, below)},`;
  }
  return `${text}}`;
}
