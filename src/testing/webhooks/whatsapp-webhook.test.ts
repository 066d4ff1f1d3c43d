import { describe, expect, it } from "vitest";
import { metaSignature, whatsAppItems } from "../../boundary/webhooks/meta.js";
import { ConfigError } from "../../core/config.js";
import { ManualClock } from "../manual-clock.js";
import { signedByMeta, type WhatsAppWebhookOptions, whatsAppWebhook } from "./whatsapp-webhook.js";

const secret = "app secret";
const clock = new ManualClock();

const verify = ({ body, headers }: { body: string; headers: Readonly<Record<string, string>> }, using = secret) =>
  metaSignature({ secrets: [using] }).verify({
    header: (name) => headers[name] ?? null,
    body: new TextEncoder().encode(body),
    now: 0,
  });

describe("a webhook of WhatsApp's", () => {
  it("has the shape of the Cloud API's text messages", () => {
    const { body, headers } = whatsAppWebhook({
      secret,
      clock,
      messages: [{ from: "15551234567", id: "wamid.1", text: "red shoes?" }],
    });
    expect(headers["content-type"]).toBe("application/json");
    // https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/payload-examples#text-messages
    expect(JSON.parse(body)).toEqual({
      object: "whatsapp_business_account",
      entry: [
        {
          id: "102290129340398",
          changes: [
            {
              value: {
                messaging_product: "whatsapp",
                metadata: { display_phone_number: "15550783881", phone_number_id: "106540352242922" },
                contacts: [{ profile: { name: "Ada" }, wa_id: "15551234567" }],
                messages: [
                  {
                    from: "15551234567",
                    id: "wamid.1",
                    timestamp: "1767225600",
                    type: "text",
                    text: { body: "red shoes?" },
                  },
                ],
              },
              field: "messages",
            },
          ],
        },
      ],
    });
  });

  it("carries several messages and statuses, which the service reads in their order", () => {
    const { body } = whatsAppWebhook({
      secret,
      phoneNumberId: "42",
      messages: [
        { from: "1", id: "a", text: "one" },
        { from: "2", id: "b", content: { type: "image", image: { id: "i1", mime_type: "image/jpeg" } } },
      ],
      statuses: [
        { id: "c", status: "delivered" },
        { id: "d", status: "failed", to: "3" },
      ],
    });
    expect(whatsAppItems(JSON.parse(body))).toMatchObject([
      { kind: "message", id: "a", phoneNumberId: "42", message: { from: "1", text: { body: "one" } } },
      { kind: "message", id: "b", message: { from: "2", type: "image", image: { id: "i1" } } },
      { kind: "status", id: "c:delivered", phoneNumberId: "42", status: { recipient_id: "15551230000" } },
      { kind: "status", id: "d:failed", status: { recipient_id: "3", errors: [{ code: 131_026 }] } },
    ]);
  });

  it("makes an id for each message that is given none", () => {
    const messages = [
      { from: "1", text: "one" },
      { from: "1", text: "one" },
    ];
    const ids = whatsAppItems(JSON.parse(whatsAppWebhook({ secret, messages }).body)).map(({ id }) => id);
    expect([ids.length, new Set(ids).size]).toEqual([2, 2]);
  });

  it("may carry nothing", () => {
    expect(whatsAppItems(JSON.parse(whatsAppWebhook({ secret }).body))).toEqual([]);
  });

  it("is signed over its bytes, with that secret alone", async () => {
    const webhook = whatsAppWebhook({ secret, messages: [{ from: "1", name: "Żaneta", text: "żółte buty" }] });
    await expect(verify(webhook)).resolves.toEqual({});
    await expect(verify(webhook, "guess")).rejects.toMatchObject({ code: "unauthenticated" });
    await expect(verify({ ...webhook, body: `${webhook.body} ` })).rejects.toMatchObject({ code: "unauthenticated" });
  });

  it("knows no other options", () => {
    expect(() => whatsAppWebhook({ secret, message: [] } as WhatsAppWebhookOptions)).toThrow(ConfigError);
  });
});

describe("signedByMeta", () => {
  it("signs a body of any kind", () => {
    // openssl dgst -sha256 -hmac key: of "The quick brown fox jumps over the lazy dog"
    const signature = "sha256=f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8";
    const text = "The quick brown fox jumps over the lazy dog";
    expect(signedByMeta(text, "key")).toEqual({ "x-hub-signature-256": signature });
    const encoder = new TextEncoder();
    expect(signedByMeta(encoder.encode(text), encoder.encode("key"))).toEqual({ "x-hub-signature-256": signature });
  });
});
