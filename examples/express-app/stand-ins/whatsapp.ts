import { createHmac, randomUUID } from "node:crypto";
import { type FaultyUpstream, type FaultyUpstreamOptions, faultyUpstream } from "keelson/testing";

/** A message as someone writes it to the shop. */
export interface Written {
  readonly from: string;
  readonly text: string;
  /** Default: a new one. The same again is the same message. */
  readonly id?: string;
}

/** A stand-in for the Cloud API's `POST /{version}/{phone-number-id}/messages`. */
export function whatsAppStandIn(options: Omit<FaultyUpstreamOptions, "handler"> = {}): Promise<FaultyUpstream> {
  return faultyUpstream({
    ...options,
    handler: async (request) => {
      const { to } = (await request.json()) as { to: string };
      return Response.json({
        messaging_product: "whatsapp",
        contacts: [{ input: to, wa_id: to }],
        messages: [{ id: `wamid.${randomUUID()}` }],
      });
    },
  });
}

/** The body of a webhook request of the Cloud API: some messages in one change. */
export function whatsAppPayload(messages: readonly Written[]): string {
  return JSON.stringify({
    object: "whatsapp_business_account",
    entry: [
      {
        id: "102290129340398",
        changes: [
          {
            field: "messages",
            value: {
              messaging_product: "whatsapp",
              metadata: { display_phone_number: "15550783881", phone_number_id: "106540352242922" },
              contacts: messages.map(({ from }) => ({ profile: { name: "Ada" }, wa_id: from })),
              messages: messages.map(({ from, text, id = `wamid.${randomUUID()}` }) => ({
                from,
                id,
                timestamp: String(Math.floor(Date.now() / 1000)),
                type: "text",
                text: { body: text },
              })),
            },
          },
        ],
      },
    ],
  });
}

/** The value of Meta's `X-Hub-Signature-256`. */
export function metaSignatureOf(secret: string, body: string): string {
  return `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
}
