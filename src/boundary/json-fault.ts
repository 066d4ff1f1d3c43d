/**
 * Says where a text stops being JSON (RFC 8259). Only called for a text that `JSON.parse` refused: what engines say
 * of it differs, often lacks the position, and repeats a piece of the input.
 */
export function jsonFault(text: string): string {
  const at = faultPosition(text);
  if (at === text.length)
    return text.trim() === "" ? "The body is empty" : `The JSON ends too early, at position ${at}`;
  const lines = text.slice(0, at).split("\n");
  return `Not valid JSON at position ${at} (line ${lines.length}, column ${(lines.at(-1) as string).length + 1})`;
}

/** Punctuation (1), a string as far as it goes with its closing quote (2), a number, or a word that is a value. */
const TOKEN =
  /([{}[\],:])|"[ !#-[\]-\uffff]*(?:\\(?:["\\/bfnrt]|u[\da-fA-F]{4})[ !#-[\]-\uffff]*)*("?)|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const SPACE = /[ \t\n\r]*/y;

/** Kinds of tokens that begin a value: `s` is a string, `w` a number or word. */
const VALUE = "[{sw";

/** Index of the first character that can't stand where it does; the text's length where there should be more. */
function faultPosition(text: string): number {
  /** What closes the arrays and objects that are open. */
  const open: string[] = [];
  let allowed = VALUE;
  let at = 0;
  for (;;) {
    SPACE.lastIndex = at;
    SPACE.test(text);
    at = SPACE.lastIndex;
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text);
    if (token === null) return at;
    const kind = token[1] ?? (token[2] === undefined ? "w" : "s");
    if (!allowed.includes(kind)) return at;
    at = TOKEN.lastIndex;
    if (token[2] === "") return at;
    if (kind === "[" || kind === "{") {
      open.push(kind === "[" ? "]" : "}");
      allowed = kind === "[" ? `${VALUE}]` : "s}";
    } else if (kind === ",") allowed = open.at(-1) === "]" ? VALUE : "s";
    else if (kind === ":") allowed = VALUE;
    else if (kind === "s" && !allowed.includes("w")) allowed = ":";
    else {
      if (kind === "]" || kind === "}") open.pop();
      allowed = open.length === 0 ? "" : `,${open.at(-1)}`;
    }
  }
}
