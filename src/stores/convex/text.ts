// (With the u flag this finds only those that don't belong together.)
const SPECIAL = /\\|[\uD800-\uDFFF]/gu;
const ESCAPED = /\\(\\|u[0-9a-f]{4})/g;

/** A text as Convex can store it: half of a surrogate pair is no Unicode. */
export function stored(text: string): string {
  return text.replace(SPECIAL, (found) =>
    found === "\\" ? "\\\\" : `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Reads what {@link stored} wrote. */
export function unstored(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(ESCAPED, (_, found: string) =>
    found === "\\" ? "\\" : String.fromCharCode(Number.parseInt(found.slice(1), 16)),
  );
}
