import { KeelsonError } from "../../../core/errors.js";
import { essence, isUtf8 } from "../media-type.js";
import type { Guard } from "../stage.js";

/** Refuses a query that is longer than `max` bytes. It is counted as it came: percent-encoded, all ASCII. */
export function queryGuard(max: number): Guard {
  return ({ incoming }) => {
    if (incoming.rawQuery.length > max)
      throw new KeelsonError("uri_too_long", "Query too long", { detail: `The query may have ${max} bytes` });
    return undefined;
  };
}

/**
 * Refuses a body of another type than those `allowed`, in another character set than UTF-8, or compressed: what a
 * compressed body would unpack to can't be bounded before it is read.
 */
export function contentTypeGuard(allowed: readonly string[]): Guard {
  const types = new Set(allowed);
  const accept = allowed.join(", ");
  return ({ incoming }) => {
    const type = incoming.header("content-type");
    if (type === null || !(types.has(type) || (types.has(essence(type)) && isUtf8(type))))
      throw new KeelsonError("unsupported_media_type", "Content type", {
        detail: `Send ${allowed.join(" or ")}, in UTF-8`,
        headers: { accept },
      });
    const encoding = incoming.header("content-encoding");
    if (encoding !== null && encoding.toLowerCase() !== "identity")
      throw new KeelsonError("unsupported_media_type", "Content encoding", {
        detail: "Send the body without a content encoding",
        headers: { "accept-encoding": "identity" },
      });
    return undefined;
  };
}

/**
 * Refuses a body that says it is longer than `max` bytes. What it really has is counted while it is read.
 *
 * @param streamed whether the body is left to the handler, which gets no more of it either
 */
export function contentLengthGuard(max: number, streamed: boolean): Guard {
  return ({ incoming }) => {
    const length = incoming.header("content-length");
    if (length !== null && Number(length) > max) throw bodyTooLarge(max);
    if (streamed) incoming.maxStreamBytes = max;
    return undefined;
  };
}

/** The refusal of a body of more than `max` bytes. */
export function bodyTooLarge(max: number): KeelsonError {
  return new KeelsonError("payload_too_large", "Body too large", { detail: `The body may have ${max} bytes` });
}
