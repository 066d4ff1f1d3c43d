import { ConfigError, onlyKnown } from "../../core/config.js";
import { KeelsonError } from "../../core/errors.js";
import { hmacSignature } from "./hmac-signature.js";
import type { WebhookSecret, WebhookVerifier } from "./verifier.js";

/**
 * Webhooks of Meta (WhatsApp, Messenger, Instagram): `X-Hub-Signature-256: sha256={hex}`, an HMAC-SHA256 of the raw
 * body with the app secret. It signs no time: put a replay guard behind it.
 *
 * @see https://developers.facebook.com/docs/graph-api/webhooks/getting-started
 */
export function metaSignature(options: { readonly secrets: readonly WebhookSecret[] }): WebhookVerifier {
  onlyKnown(options, "metaSignature", ["secrets"]);
  return hmacSignature({ ...options, header: "x-hub-signature-256", prefix: "sha256=", name: "meta" });
}

/**
 * Answers the GET with which Meta verifies a webhook's URL: what it returns is the body of a 200 in `text/plain`.
 *
 * @returns `check(query)`: the challenge to send back
 * @throws {KeelsonError} from `check`: `forbidden` when the token is wrong, `validation` when it is no such request
 */
export function metaVerification(options: {
  /** What was entered as the verify token in the app's dashboard. */
  readonly verifyToken: string;
}): (query: URLSearchParams | Readonly<Record<string, unknown>>) => Promise<string> {
  onlyKnown(options, "metaVerification", ["verifyToken"]);
  if (typeof options.verifyToken !== "string" || options.verifyToken === "")
    throw new ConfigError("metaVerification.verifyToken", options.verifyToken, "a token that is not empty");
  const expected = new TextEncoder().encode(options.verifyToken);
  return async (query) => {
    const read = (name: string): unknown => (query instanceof URLSearchParams ? query.get(name) : query[name]);
    const challenge = read("hub.challenge");
    // It is sent back as it came: Meta's are numbers, and nothing that a browser could take for a page gets through.
    if (read("hub.mode") !== "subscribe" || typeof challenge !== "string" || !/^[\w-]{1,256}$/.test(challenge))
      throw new KeelsonError("validation", "Not a verification request", {
        detail: "hub.mode must be subscribe, and hub.challenge letters and digits",
      });
    const token = read("hub.verify_token");
    if (typeof token !== "string" || !(await equal(new TextEncoder().encode(token), expected)))
      throw new KeelsonError("forbidden", "The verify token is not valid", { detail: "The verify token is not valid" });
    return challenge;
  };
}

/** Compares without telling by the time taken where two texts differ, or how long the expected one is: by their hashes. */
async function equal(a: Uint8Array<ArrayBuffer>, b: Uint8Array<ArrayBuffer>): Promise<boolean> {
  const [x, y] = (await Promise.all([crypto.subtle.digest("SHA-256", a), crypto.subtle.digest("SHA-256", b)])).map(
    (digest) => new Uint8Array(digest),
  ) as [Uint8Array, Uint8Array];
  return x.reduce((difference, byte, index) => difference | (byte ^ (y[index] as number)), 0) === 0;
}

/** One thing that a WhatsApp request tells of, with the id to claim it by. */
export type WhatsAppItem =
  | {
      readonly kind: "message";
      readonly id: string;
      readonly phoneNumberId: string | undefined;
      readonly message: WhatsAppMessage;
    }
  | {
      readonly kind: "status";
      readonly id: string;
      readonly phoneNumberId: string | undefined;
      readonly status: WhatsAppStatus;
    };

/** A message of the Cloud API: its id, sender and kind are sure to be there, the rest is as Meta sent it. */
export interface WhatsAppMessage {
  readonly id: string;
  readonly from: string;
  readonly type: string;
  readonly [field: string]: unknown;
}

/** How far a message that was sent has come. */
export interface WhatsAppStatus {
  readonly id: string;
  /** `sent`, `delivered`, `read`, `failed`. */
  readonly status: string;
  readonly [field: string]: unknown;
}

/**
 * The messages and statuses of a Cloud API payload, in their order. One request may carry several, of which some
 * were handled before: the replay guard claims each by its id. A status is claimed by message and status, since the
 * same message is sent, delivered and read. What is malformed, or tells of something else, is left out.
 */
export function whatsAppItems(payload: unknown): WhatsAppItem[] {
  const items: WhatsAppItem[] = [];
  for (const entry of list(field(payload, "entry"))) {
    for (const change of list(field(entry, "changes"))) {
      const value = field(change, "value");
      const number = field(field(value, "metadata"), "phone_number_id");
      const phoneNumberId = typeof number === "string" ? number : undefined;
      for (const message of list(field(value, "messages"))) {
        if (hasTexts(message, ["id", "from", "type"]))
          items.push({ kind: "message", id: message.id as string, phoneNumberId, message: message as WhatsAppMessage });
      }
      for (const status of list(field(value, "statuses"))) {
        if (hasTexts(status, ["id", "status"]))
          items.push({
            kind: "status",
            id: `${status.id}:${status.status}`,
            phoneNumberId,
            status: status as WhatsAppStatus,
          });
      }
    }
  }
  return items;
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function hasTexts(value: unknown, names: readonly string[]): value is Record<string, unknown> {
  return names.every((name) => typeof field(value, name) === "string");
}
