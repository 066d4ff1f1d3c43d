/**
 * Says where a text stops being JSON (RFC 8259). Only called for a text that `JSON.parse` refused: what engines say
 * of it differs, often lacks the position, and repeats a piece of the input.
 */
export function jsonFault(text: string): string {
  const start = text.slice(0, SCANNED);
  const at = faultPosition(start);
  // A token that the cut has split may be at fault a little before it.
  if (text.length > SCANNED && at > SCANNED - 16) return `Not valid JSON, from position ${at} on`;
  if (at === text.length)
    return text.trim() === "" ? "The body is empty" : `The JSON ends too early, at position ${at}`;
  const lines = text.slice(0, at).split("\n");
  return `Not valid JSON at position ${at} (line ${lines.length}, column ${(lines.at(-1) as string).length + 1})`;
}

/** Characters that are looked at: scanning costs more than parsing, and the text may be an attacker's. */
const SCANNED = 8192;

/** Punctuation or the beginning of a string (1), or a number, or a word that is a value. */
const TOKEN = /([{}[\],:"])|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const SPACE = /[ \t\n\r]*/y;
/** A part of a string: its closing quote, an escape, or characters that stand for themselves. */
const STRING_PART = /(")|\\(?:["\\/bfnrt]|u[\da-fA-F]{4})|[ !#-[\]-\uffff]+/y;

/** Tokens that begin a value; `w` is a number or word. */
const VALUE = '[{"w';

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
    const kind = token[1] ?? "w";
    if (!allowed.includes(kind)) return at;
    at = TOKEN.lastIndex;
    if (kind === '"') {
      const end = endOfString(text, at);
      if (end < 0) return ~end;
      at = end;
    }
    if (kind === "[" || kind === "{") {
      open.push(kind === "[" ? "]" : "}");
      allowed = kind === "[" ? `${VALUE}]` : '"}';
    } else if (kind === ",") allowed = open.at(-1) === "]" ? VALUE : '"';
    else if (kind === ":") allowed = VALUE;
    else if (kind === '"' && !allowed.includes("w")) allowed = ":";
    else {
      if (kind === "]" || kind === "}") open.pop();
      allowed = open.length === 0 ? "" : `,${open.at(-1)}`;
    }
  }
}

/** Index after the closing quote; or, where the string breaks off, the complement of where. */
function endOfString(text: string, start: number): number {
  STRING_PART.lastIndex = start;
  let at = start;
  for (let part = STRING_PART.exec(text); part !== null; part = STRING_PART.exec(text)) {
    at = STRING_PART.lastIndex;
    if (part[1] !== undefined) return at;
  }
  return ~at;
}
