import { KeelsonError } from "../../core/errors.js";
import { invalid } from "../../core/validation.js";
import { parseJson } from "../json.js";
import { fromBase64 } from "./verifier.js";

/** A message that Google Pub/Sub pushed. */
export interface PubSubMessage {
  /** The id to claim it by: the same when it is delivered again. */
  readonly id: string;
  /** `projects/{project}/subscriptions/{name}`. */
  readonly subscription: string | undefined;
  /** What the publisher sent, parsed from JSON; `undefined` where the message has attributes alone. Check it with a schema. */
  readonly data: unknown;
  readonly attributes: Readonly<Record<string, string>>;
  /** RFC 3339. */
  readonly publishTime: string | undefined;
  /** Which delivery of it this is, where the subscription has a dead-letter topic. */
  readonly deliveryAttempt: number | undefined;
}

/**
 * Opens the envelope of a Pub/Sub push (`{ message: { data, messageId, … }, subscription }`): Gmail's notifications
 * come in it.
 *
 * @see https://cloud.google.com/pubsub/docs/push
 * @throws {KeelsonError} `validation` when it is no such envelope, `invalid_json` when its data is not JSON
 */
export function pubSubMessage(envelope: unknown, options: { readonly maxDepth?: number } = {}): PubSubMessage {
  const { message, subscription, deliveryAttempt } = object(envelope);
  const { data, messageId, message_id, attributes, publishTime } = object(message);
  const id = messageId ?? message_id;
  if (typeof id !== "string" || id === "") throw malformed("/message/messageId", "Must be a string that is not empty");
  const raw = bytes(data ?? "");
  if (raw === null) throw malformed("/message/data", "Must be base64");
  return {
    id,
    subscription: typeof subscription === "string" ? subscription : undefined,
    data: raw.length === 0 ? undefined : inner(raw, options.maxDepth),
    attributes: Object.fromEntries(
      Object.entries(object(attributes)).filter((pair): pair is [string, string] => typeof pair[1] === "string"),
    ),
    publishTime: typeof publishTime === "string" ? publishTime : undefined,
    deliveryAttempt: typeof deliveryAttempt === "number" ? deliveryAttempt : undefined,
  };
}

/** Pub/Sub writes standard base64; Gmail's documentation promises the URL-safe alphabet. Both are read. */
function bytes(data: unknown): Uint8Array | null {
  return typeof data === "string" ? fromBase64(data.replaceAll("-", "+").replaceAll("_", "/")) : null;
}

function inner(raw: Uint8Array, maxDepth: number | undefined): unknown {
  try {
    return parseJson(raw, maxDepth === undefined ? {} : { maxDepth });
  } catch (cause) {
    if (cause instanceof KeelsonError && cause.code === "validation") throw cause;
    throw new KeelsonError("invalid_json", "The data of the Pub/Sub message is not valid JSON", {
      cause,
      detail: "The data of the Pub/Sub message is not valid JSON",
    });
  }
}

function object(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function malformed(pointer: string, message: string): KeelsonError {
  return invalid([{ in: "body", pointer, message }]);
}
