/**
 * The text of a script's answer. Scripts put `=` before it, since clients over REST take what looks like JSON for
 * JSON.
 */
export function textOf(value: unknown): string {
  return (typeof value === "string" ? value : String(value)).slice(1);
}
