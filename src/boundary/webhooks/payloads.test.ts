import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../core/config.js";
import { metaVerification, whatsAppItems } from "./meta.js";
import { pubSubMessage } from "./pubsub.js";

const caught = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (error) {
    return error;
  }
};

describe("metaVerification", () => {
  const verify = metaVerification({ verifyToken: "a-token" });
  const query = (o: Record<string, string> = {}) => ({
    "hub.mode": "subscribe",
    "hub.verify_token": "a-token",
    "hub.challenge": "1158201444",
    ...o,
  });

  it("answers with the challenge, from URLSearchParams or an object", async () => {
    expect(await verify(query())).toBe("1158201444");
    expect(await verify(new URLSearchParams(query()))).toBe("1158201444");
  });

  it.each(["", "a-toke", "a-token2", "A-token"])("refuses the token %j", async (token) => {
    await expect(verify(query({ "hub.verify_token": token }))).rejects.toMatchObject({
      code: "forbidden",
      status: 403,
    });
  });

  it("refuses what is no verification request, and never sends markup back", async () => {
    const { "hub.verify_token": _, ...without } = query();
    await expect(verify(without)).rejects.toMatchObject({ code: "forbidden" });
    for (const wrong of [{ "hub.mode": "unsubscribe" }, { "hub.challenge": "" }, { "hub.challenge": "<script>" }])
      await expect(verify(query(wrong))).rejects.toMatchObject({ code: "validation" });
    await expect(verify({ ...query(), "hub.challenge": ["1", "2"] })).rejects.toMatchObject({ code: "validation" });
  });

  it("wants a token", () => {
    expect(() => metaVerification({ verifyToken: "" })).toThrow(ConfigError);
  });
});

describe("whatsAppItems", () => {
  const text = { from: "4915112345678", id: "wamid.A", timestamp: "1767225600", type: "text", text: { body: "hi" } };
  const image = { from: "4915112345678", id: "wamid.B", timestamp: "1767225601", type: "image", image: { id: "9" } };
  const sent = { id: "wamid.C", status: "sent", timestamp: "1767225602", recipient_id: "4915112345678" };
  const metadata = { display_phone_number: "15550783881", phone_number_id: "106540352242922" };
  const payload = (...values: object[]) => ({
    object: "whatsapp_business_account",
    entry: values.map((value) => ({
      id: "102290129340398",
      changes: [{ field: "messages", value: { messaging_product: "whatsapp", metadata, ...value } }],
    })),
  });

  it("lists every message and status with the id to claim it by", () => {
    const items = whatsAppItems(
      payload(
        { contacts: [{ wa_id: "4915112345678" }], messages: [text, image] },
        { statuses: [sent, { ...sent, status: "read" }] },
      ),
    );
    expect(items.map(({ kind, id, phoneNumberId }) => [kind, id, phoneNumberId])).toEqual([
      ["message", "wamid.A", "106540352242922"],
      ["message", "wamid.B", "106540352242922"],
      ["status", "wamid.C:sent", "106540352242922"],
      ["status", "wamid.C:read", "106540352242922"],
    ]);
    expect(items[0]).toMatchObject({ message: text });
    expect(items[2]).toMatchObject({ status: sent });
  });

  it("leaves out what is malformed and keeps the rest", () => {
    const { id: _, ...nameless } = text;
    expect(
      whatsAppItems(payload({ messages: [null, 5, nameless, { ...text, id: 7 }, image] })).map(({ id }) => id),
    ).toEqual(["wamid.B"]);
    expect(whatsAppItems({ object: "page", entry: [{ changes: [{ value: { item: "like" } }] }] })).toEqual([]);
  });

  it("never throws, whatever was sent", () => {
    const key = fc.constantFrom("entry", "changes", "value", "messages", "statuses", "metadata", "id");
    const { node } = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 7 },
        fc.constantFrom(null, 1, "x"),
        fc.array(tie("node")),
        fc.dictionary(key, tie("node")),
      ),
    }));
    fc.assert(
      fc.property(node, (value) => {
        expect(Array.isArray(whatsAppItems(value))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe("pubSubMessage", () => {
  const notice = { emailAddress: "user@example.com", historyId: "9876543210" };
  const envelope = (message: object) => ({
    message: {
      messageId: "2070443601311540",
      message_id: "2070443601311540",
      publishTime: "2026-01-01T00:00:00Z",
      ...message,
    },
    subscription: "projects/p/subscriptions/gmail",
  });

  it("opens Gmail's notification", () => {
    expect(pubSubMessage(envelope({ data: btoa(JSON.stringify(notice)), attributes: { a: "b", n: 1 } }))).toEqual({
      id: "2070443601311540",
      subscription: "projects/p/subscriptions/gmail",
      data: notice,
      attributes: { a: "b" },
      publishTime: "2026-01-01T00:00:00Z",
      deliveryAttempt: undefined,
    });
  });

  it("reads both base64 alphabets, with padding and without", () => {
    const data = btoa('{"q":"?>?>~~"}');
    const urlSafe = data.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    expect(urlSafe).not.toBe(data);
    expect(pubSubMessage(envelope({ data: urlSafe })).data).toEqual({ q: "?>?>~~" });
  });

  it("has no data where the message has none", () => {
    expect(pubSubMessage(envelope({})).data).toBeUndefined();
    expect(pubSubMessage(envelope({ data: "" })).data).toBeUndefined();
  });

  it.each<[string, unknown, object]>([
    ["nothing", null, { code: "validation", issues: [{ in: "body", pointer: "/message/messageId" }] }],
    ["no id", { message: { data: "e30=" } }, { code: "validation", issues: [{ pointer: "/message/messageId" }] }],
    ["no base64", envelope({ data: "%%%" }), { code: "validation", issues: [{ pointer: "/message/data" }] }],
    ["data of another type", envelope({ data: 5 }), { code: "validation", issues: [{ pointer: "/message/data" }] }],
    [
      "no JSON",
      envelope({ data: btoa("{oops") }),
      { code: "invalid_json", detail: "The data of the Pub/Sub message is not valid JSON" },
    ],
    ["JSON that nests too deep", envelope({ data: btoa("[".repeat(99) + "]".repeat(99)) }), { code: "validation" }],
  ])("refuses %s", (_, given, error) => {
    expect(caught(() => pubSubMessage(given))).toMatchObject(error);
  });
});
