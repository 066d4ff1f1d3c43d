import { z } from "zod";
import { type Duration, milliseconds } from "../../core/duration.js";

/** `"250ms"`, `"30s"`, `"5m"`, `"1h"`, `"7d"` or milliseconds; milliseconds when parsed. */
export const duration = z
  .union([z.number(), z.string()])
  .refine(
    (value) => parses(() => milliseconds(value as Duration, "")),
    'expected a duration like "250ms", "30s", "5m" or milliseconds',
  )
  .transform((value) => milliseconds(value as Duration, ""));

/** A share: 0 to 1. */
export const share = z.number().min(0).max(1);

/** A name that ends up in ids of checks and names of files. */
export const id = z.string().regex(/^[a-zA-Z0-9][\w.-]{0,80}$/, "expected letters, digits, -, _ and . (at most 81)");

/** An `http:` or `https:` address. */
export const httpUrl = z.url({ protocol: /^https?$/, error: "expected an http(s) address" });

function parses(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}
