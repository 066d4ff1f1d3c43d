/** How far a value that is not text may go. */
export interface ValueLimits {
  /** How many arrays and objects may lie within each other. */
  readonly maxDepth: number;
  /** About how many bytes of JSON it may be. */
  readonly maxBytes: number;
}

/**
 * Measures a value about as its JSON would be, and stops at the first limit that is passed: bytes by the length of
 * strings in UTF-16 (at least as many as that in UTF-8 need one to three bytes each), binary data by its own length.
 * What refers to itself is too deep; what is shared counts wherever it appears, as in JSON.
 *
 * @returns which limit is passed, if any
 */
export function measure(value: unknown, { maxDepth, maxBytes }: ValueLimits): "depth" | "bytes" | undefined {
  let left = maxBytes;
  let fault: "depth" | "bytes" | undefined;
  const visit = (at: unknown, levels: number): void => {
    left -= ownBytes(at);
    if (left < 0) fault = "bytes";
    else if (typeof at === "object" && at !== null && !isBinary(at)) {
      if (levels === 0) fault = "depth";
      else if (at instanceof Map || at instanceof Set || Array.isArray(at)) {
        for (const item of at) {
          visit(item, levels - 1);
          if (fault !== undefined) return;
        }
      } else {
        for (const key of Object.keys(at)) {
          left -= key.length + 3;
          visit((at as Record<string, unknown>)[key], levels - 1);
          if (fault !== undefined) return;
        }
      }
    }
  };
  visit(value, maxDepth);
  return fault;
}

function isBinary(value: object): value is ArrayBuffer | ArrayBufferView {
  return value instanceof ArrayBuffer || ArrayBuffer.isView(value);
}

/** What a value takes without what is in it. */
function ownBytes(value: unknown): number {
  if (typeof value === "string") return value.length + 3;
  if (typeof value === "object" && value !== null && isBinary(value)) return value.byteLength;
  if (typeof value === "number" || typeof value === "bigint") return 8;
  return 2;
}
