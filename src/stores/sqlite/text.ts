const ESCAPED = /\\([\\0])/g;

/** A text as it is stored. Some drivers end a text at the first NUL, so none is stored. */
export function stored(text: string): string {
  if (!text.includes("\u0000") && !text.includes("\\")) return text;
  return text.replaceAll("\\", "\\\\").replaceAll("\u0000", "\\0");
}

/** Reads what {@link stored} wrote. */
export function unstored(text: string): string {
  return text.includes("\\") ? text.replace(ESCAPED, (_, one: string) => (one === "0" ? "\u0000" : "\\")) : text;
}
