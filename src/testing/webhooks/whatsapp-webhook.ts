import { createHmac, randomUUID } from "node:crypto";
import { type Clock, systemClock } from "../../core/clock.js";
import { onlyKnown } from "../../core/config.js";
import type { SignedWebhook } from "./signed-webhook.js";

/** A message that somebody writes to a WhatsApp number. */
export type WhatsAppWritten = {
  /** The writer's number, in digits. */
  readonly from: string;
  /** Default: a new one. The same again is the same message, delivered again. */
  readonly id?: string;
  /** The name on the writer's profile. Default `"Ada"`. */
  readonly name?: string;
} & (
  | { readonly text: string }
  /** Of another kind than text, as the Cloud API has it: `{ type: "image", image: { id: "…" } }`. */
  | { readonly content: { readonly type: string; readonly [kind: string]: unknown } }
);

/** How far a message that the service sent has come. */
export interface WhatsAppProgress {
  /** The message's, as the Cloud API gave it when it was sent. */
  readonly id: string;
  readonly status: "sent" | "delivered" | "read" | "failed";
  /** Whom it was sent to. Default `"15551230000"`. */
  readonly to?: string;
}

/** Options of {@link whatsAppWebhook}. */
export interface WhatsAppWebhookOptions {
  /** The app secret that Meta signs with. */
  readonly secret: string | Uint8Array;
  /** Delivered in one request, as Meta does under load. Default: none. */
  readonly messages?: readonly WhatsAppWritten[];
  /** Default: none. */
  readonly statuses?: readonly WhatsAppProgress[];
  /** The id of the number that was written to. Default `"106540352242922"`. */
  readonly phoneNumberId?: string;
  /** For the times of messages. Default: the machine's. */
  readonly clock?: Clock;
}

/**
 * A webhook request of WhatsApp's Cloud API, signed as Meta signs it. Messages and statuses are changes of one entry.
 *
 * @see https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/payload-examples
 *
 * @example
 * const webhook = whatsAppWebhook({ secret, messages: [{ from: "15551234567", text: "red shoes?" }] });
 * await fetch(url, { method: "POST", ...webhook });
 *
 * @throws {ConfigError} when there is an unknown option
 */
export function whatsAppWebhook(options: WhatsAppWebhookOptions): SignedWebhook {
  onlyKnown(options, "whatsAppWebhook", ["secret", "messages", "statuses", "phoneNumberId", "clock"]);
  const { secret, messages = [], statuses = [], phoneNumberId = "106540352242922", clock = systemClock } = options;
  const timestamp = String(Math.floor(clock.wall() / 1000));
  const change = (value: object) => ({
    value: {
      messaging_product: "whatsapp",
      metadata: { display_phone_number: "15550783881", phone_number_id: phoneNumberId },
      ...value,
    },
    field: "messages",
  });
  const body = JSON.stringify({
    object: "whatsapp_business_account",
    entry: [
      {
        id: "102290129340398",
        changes: [
          ...(messages.length === 0
            ? []
            : [
                change({
                  contacts: messages.map(({ from, name = "Ada" }) => ({ profile: { name }, wa_id: from })),
                  messages: messages.map((message) => messageOf(message, timestamp)),
                }),
              ]),
          ...(statuses.length === 0
            ? []
            : [change({ statuses: statuses.map((status) => statusOf(status, timestamp)) })]),
        ],
      },
    ],
  });
  return { body, headers: { "content-type": "application/json", ...signedByMeta(body, secret) } };
}

/**
 * The header that Meta signs a body with: `X-Hub-Signature-256`. As the credentials of contract tests:
 * `(body) => signedByMeta(body, secret)`.
 */
export function signedByMeta(
  body: string | Uint8Array,
  secret: string | Uint8Array,
): { readonly "x-hub-signature-256": string } {
  return { "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}` };
}

function messageOf(message: WhatsAppWritten, timestamp: string): object {
  const { from, id = `wamid.${randomUUID()}` } = message;
  const content = "text" in message ? { type: "text", text: { body: message.text } } : message.content;
  return { from, id, timestamp, ...content };
}

function statusOf({ id, status, to = "15551230000" }: WhatsAppProgress, timestamp: string): object {
  return {
    id,
    status,
    timestamp,
    recipient_id: to,
    ...(status === "failed" && { errors: [{ code: 131_026, title: "Message undeliverable" }] }),
  };
}
