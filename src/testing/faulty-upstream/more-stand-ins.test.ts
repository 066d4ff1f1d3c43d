import { describe, expect, it, onTestFinished } from "vitest";
import { googleStandIn } from "./google.js";
import { sentryStandIn } from "./sentry.js";
import { whatsAppCloudStandIn } from "./whatsapp-cloud.js";

async function started<T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> {
  const one = await starting;
  onTestFinished(() => one.close());
  return one;
}

describe("the stand-in for Google", () => {
  const form = (fields: Record<string, string>) => ({ method: "POST", body: new URLSearchParams(fields) });
  const grant = { client_id: "app", client_secret: "secret" };

  it("gives tokens for a code once, for a refresh token as often as asked, until consent is taken back", async () => {
    const google = await started(googleStandIn({ clientId: "app", clientSecret: "secret" }));
    const token = `${google.upstream.url}/token`;
    const code = google.code();
    const first = await fetch(token, form({ ...grant, grant_type: "authorization_code", code }));
    const { refresh_token, ...rest } = await first.json();
    expect(rest).toMatchObject({ expires_in: 3599, token_type: "Bearer" });
    const again = await fetch(token, form({ ...grant, grant_type: "authorization_code", code }));
    expect([again.status, (await again.json()).error]).toEqual([400, "invalid_grant"]);
    const refresh = () => fetch(token, form({ ...grant, grant_type: "refresh_token", refresh_token }));
    expect([(await refresh()).status, (await refresh()).status]).toEqual([200, 200]);
    google.revoke();
    expect((await (await refresh()).json()).error).toBe("invalid_grant");
    const other = await fetch(token, form({ client_id: "other", grant_type: "refresh_token" }));
    expect([other.status, (await other.json()).error]).toEqual([401, "invalid_client"]);
    const odd = await fetch(token, form({ ...grant, grant_type: "password" }));
    expect((await odd.json()).error).toBe("unsupported_grant_type");
  });

  it("sends users back from its consent page with a code and their state", async () => {
    const google = await started(googleStandIn());
    const query = new URLSearchParams({ redirect_uri: "http://app.test/back", state: "s" });
    const answer = await fetch(`${google.upstream.url}/o/oauth2/v2/auth?${query}`, { redirect: "manual" });
    const back = new URL(answer.headers.get("location") ?? "");
    expect([answer.status, back.origin, back.searchParams.get("state")]).toEqual([302, "http://app.test", "s"]);
    expect((await fetch(`${google.upstream.url}/o/oauth2/v2/auth`)).status).toBe(400);
  });

  it("has a mailbox with pages, changes, and an end of what it remembers", async () => {
    const messages = Array.from({ length: 3 }, (_, n) => ({ id: `m${n}`, subject: `no ${n}`, text: "hello" }));
    const google = await started(googleStandIn({ messages }));
    const { access_token } = await (
      await fetch(`${google.upstream.url}/token`, form({ grant_type: "authorization_code", code: google.code() }))
    ).json();
    const get = async (path: string, authorization = `Bearer ${access_token}`) => {
      const answer = await fetch(`${google.upstream.url}/gmail/v1/users/me/${path}`, { headers: { authorization } });
      return { status: answer.status, ...(await answer.json()) };
    };
    expect(await get("profile")).toMatchObject({ emailAddress: google.email, messagesTotal: 3 });
    const { historyId } = google;
    google.deliver({ id: "m3", subject: "news", text: "hi" });
    expect(await get(`history?startHistoryId=${historyId}`)).toMatchObject({
      history: [{ messagesAdded: [{ message: { id: "m3" } }] }],
      historyId: google.historyId,
    });
    expect(await get(`history?startHistoryId=${google.historyId}`)).not.toHaveProperty("history");
    const page = await get("messages?maxResults=2");
    expect(page.messages).toHaveLength(2);
    expect((await get(`messages?maxResults=2&pageToken=${page.nextPageToken}`)).messages).toHaveLength(2);
    expect(await get("messages/m3?format=full")).toMatchObject({
      payload: { headers: [{}, { name: "Subject", value: "news" }], body: { data: "aGk" } },
    });
    google.forgetHistory();
    expect((await get(`history?startHistoryId=${historyId}`)).error).toMatchObject({ code: 404 });
    expect((await get("history?startHistoryId=x")).status).toBe(400);
    expect((await get("messages/none")).status).toBe(404);
    expect((await get("profile", "Bearer forged")).error).toMatchObject({ code: 401 });
  });
});

describe("the stand-in for the WhatsApp Cloud API", () => {
  const message = { messaging_product: "whatsapp", to: "15551230000", type: "text", text: { body: "hello" } };

  it("takes text messages, and refuses in Meta's words what is wrong", async () => {
    const { upstream, sent } = await started(whatsAppCloudStandIn({ token: "t" }));
    const send = async (body: unknown, token = "t", path = "/v23.0/1065/messages") => {
      const answer = await fetch(upstream.url + path, {
        method: "POST",
        headers: { authorization: `Bearer ${token}` },
        body: typeof body === "string" ? body : JSON.stringify(body),
      });
      return { status: answer.status, ...(await answer.json()) };
    };
    expect(await send(message)).toMatchObject({
      contacts: [{ wa_id: "15551230000" }],
      messages: [{ id: sent[0]?.id }],
    });
    expect(sent).toMatchObject([{ phoneNumberId: "1065", to: "15551230000", text: "hello" }]);
    expect((await send(message, "another")).error).toMatchObject({ code: 190 });
    expect((await send({ ...message, text: { body: "" } })).error).toMatchObject({ code: 100 });
    expect((await send("no json")).error).toMatchObject({ code: 100 });
    expect((await send(message, "t", "/v23.0/messages")).status).toBe(404);
    upstream.inject({ kind: "status", status: 429, next: 1 });
    expect((await send(message)).error).toMatchObject({ code: 130_429 });
    expect(sent).toHaveLength(1);
  });
});

describe("the stand-in for Sentry", () => {
  const ID = "0123456789abcdef0123456789abcdef";

  it("reads envelopes strictly, and says what is wrong with one", async () => {
    const { dsn, events, upstream } = await started(sentryStandIn());
    const { username } = new URL(dsn);
    const send = async (body: string, key = username) => {
      const answer = await fetch(`${upstream.url}/api/42/envelope/?sentry_key=${key}`, { method: "POST", body });
      return [answer.status, ...Object.values((await answer.json()) as object)];
    };
    const event = JSON.stringify({ event_id: ID, level: "error", message: "ü" });
    const header = JSON.stringify({ event_id: ID });
    const item = (more = {}) => JSON.stringify({ type: "event", ...more });
    const bytes = new TextEncoder().encode(event).length;
    expect(await send(`${header}\n${item({ length: bytes })}\n${event}\n`)).toEqual([200, ID]);
    expect(await send(`${header}\n${item()}\n${event}\n{"type":"client_report"}\n{}\n`)).toEqual([200, ID]);
    expect(events.map(({ message }) => message)).toEqual(["ü", "ü"]);
    expect(await send(`${header}\n${item({ length: bytes + 5 })}\n${event}\n`)).toEqual([
      400,
      "an item is shorter than it says",
    ]);
    expect(await send(`${header}\n${item({ length: 3 })}\n${event}\n`)).toEqual([
      400,
      "an item is longer than it says",
    ]);
    expect(await send("no envelope")).toEqual([400, "the envelope's header is no JSON object"]);
    expect(await send(`${header}\n{}\n{}\n`)).toEqual([400, "an item's header is no JSON object with a type"]);
    expect(await send(`${header}\n${item()}\n{}\n`)).toEqual([400, "an event's id is not 32 hexadecimal digits"]);
    expect(await send(`${header}\n`, "wrong")).toEqual([403, "invalid key"]);
    expect(events).toHaveLength(2);
  });
});
