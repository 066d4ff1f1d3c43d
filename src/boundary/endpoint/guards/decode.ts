import { invalid } from "../../../core/validation.js";
import { parseJson, tooDeep } from "../../json.js";
import { measure } from "../../measure.js";
import { essence, isJsonType } from "../media-type.js";
import { queryRecord } from "../raw-parts.js";
import type { Guard } from "../stage.js";

const utf8 = /* @__PURE__ */ new TextDecoder("utf-8", { fatal: true });

/**
 * Makes a value of the body's bytes: JSON, unless the content type says otherwise. What other middleware has made of
 * the body is taken as it is, within the same depth.
 */
export function decodeGuard(maxDepth: number, onlyJson: boolean): Guard {
  const json = { maxDepth };
  return (call) => {
    const { incoming, rawBody } = call;
    if (rawBody === undefined) {
      call.body = incoming.parsed?.value;
      if (measure(call.body, { maxDepth, maxBytes: Number.POSITIVE_INFINITY }) === "depth")
        throw tooDeep(maxDepth, "body");
    } else if (onlyJson) call.body = parseJson(rawBody, json);
    else call.body = decoded(rawBody, incoming.header("content-type") ?? "", json);
    return undefined;
  };
}

function decoded(bytes: Uint8Array, contentType: string, json: { readonly maxDepth: number }): unknown {
  const type = essence(contentType);
  if (isJsonType(type)) return parseJson(bytes, json);
  if (type === "application/x-www-form-urlencoded") return queryRecord(text(bytes));
  return type.startsWith("text/") ? text(bytes) : bytes;
}

function text(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw invalid([{ in: "body", pointer: "", message: "Not UTF-8" }]);
  }
}
