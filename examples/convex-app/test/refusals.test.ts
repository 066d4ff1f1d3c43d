import fc from "fast-check";
import { type ErrorCode, taxonomy } from "keelson";
import { pubSubStandIn, signedByMeta } from "keelson/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { api } from "../convex/_generated/api";
import { type Fresh, harness, ORIGIN } from "./harness.js";

const app = harness({ RATE_LIMIT_CHAT_MAX: "100000", RATE_LIMIT_CLIENT_MAX: "100000", RATE_LIMIT_WEBHOOK_MAX: "2000" });

const PATHS = ["/api/chat", "/api/gmail/push", "/api/gmail/auth/callback", "/api/whatsapp/webhook"] as const;
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;
const JSON_TYPE = { "content-type": "application/json" };

/** Codes that say that this service is at fault, without saying how: none of them may come of what a caller sends. */
const OUR_FAULT = Object.entries(taxonomy).flatMap(([code, { status }]) => (status >= 500 ? [code] : []));

const text = fc.oneof(fc.string({ maxLength: 40 }), fc.constantFrom("", "null", "[]", "{}", '{"message":{}}'));
const body = fc.oneof(
  text,
  fc.json({ maxDepth: 4 }),
  fc.record({ message: fc.anything(), thread: fc.anything() }).map((value) => JSON.stringify(value) ?? ""),
  fc
    .record({ message: fc.record({ messageId: text, data: text }), subscription: text })
    .map((value) => JSON.stringify(value)),
  fc
    .record({
      object: fc.constantFrom("whatsapp_business_account", "page"),
      entry: fc.array(fc.record({ changes: fc.array(fc.record({ value: fc.object(), field: text })) }), {
        maxLength: 3,
      }),
    })
    .map((value) => JSON.stringify(value)),
);
/** As a signed state looks, and is none. */
const state = fc.array(fc.stringMatching(/^[\w-]{0,9}$/), { maxLength: 3 }).map((parts) => parts.join("."));
const request = fc.record({
  path: fc.constantFrom(...PATHS),
  method: fc.constantFrom(...METHODS),
  query: fc.oneof(
    fc.record({ state, code: text }),
    fc.dictionary(
      fc.constantFrom("state", "code", "error", "hub.mode", "hub.verify_token", "hub.challenge", "q"),
      text,
      { maxKeys: 4 },
    ),
  ),
  type: fc.constantFrom("application/json", "application/json; charset=utf-8", "text/plain", "multipart/form-data", ""),
  origin: fc.constantFrom(ORIGIN, "https://evil.example", "null", ""),
  signed: fc.boolean(),
  user: fc.constantFrom("ada", "eve", undefined),
  authorization: fc.constantFrom(undefined, "Bearer ", "Bearer a.b.c", "Basic YTpi", "google"),
  key: fc.constantFrom(undefined, "k1", "k 1", ""),
  body,
});

describe("no request at all", () => {
  it("brings about an error of ours, or one without its code", async () => {
    const { t } = await app.fresh();
    await fc.assert(
      fc.asyncProperty(
        request,
        async ({ path, method, query, type, origin, user, authorization, key, signed, body }) => {
          const secret = app.standIns.env.WHATSAPP_APP_SECRET ?? "";
          const bearer = authorization === "google" ? `Bearer ${app.standIns.pubSub.token()}` : authorization;
          const headers = {
            ...(type !== "" && { "content-type": type }),
            ...(origin !== "" && { origin }),
            ...(bearer !== undefined && { authorization: bearer }),
            ...(key !== undefined && { "idempotency-key": key }),
            ...(signed && signedByMeta(body, secret)),
          };
          const caller = user === undefined ? t : t.withIdentity({ subject: user });
          const init = { method, headers, ...(method !== "GET" && method !== "HEAD" && { body }) };
          const answer = await caller.fetch(`${path}?${new URLSearchParams(query)}`, init);
          const said = await answer.text();
          if (answer.status < 400 || method === "HEAD") {
            expect(answer.status).toBeLessThan(500);
            return;
          }
          const { code, status } = JSON.parse(said) as { code: ErrorCode; status: number };
          expect([status, Object.keys(taxonomy).includes(code), OUR_FAULT.includes(code)]).toEqual([
            answer.status,
            true,
            false,
          ]);
        },
      ),
      { numRuns: 400 },
    );
  });
});

function callback({ t }: Fresh, query: Record<string, string>) {
  return t.fetch(`/api/gmail/auth/callback?${new URLSearchParams(query)}`);
}

async function told(asked: Promise<Response>): Promise<unknown[]> {
  const answer = await asked;
  const { code, errors = [] } = (await answer.json()) as { code: string; errors?: { pointer: string }[] };
  return [answer.status, code, ...errors.map(({ pointer }) => pointer)];
}

describe("what is not valid", () => {
  it.each([
    [{ message: 1 }, "/message"],
    [{ message: "x".repeat(2_001) }, "/message"],
    [{ message: "hi", thread: "" }, "/thread"],
    [[], ""],
  ])("is refused by /api/chat, with where it is: %j", async (sent, pointer) => {
    const { chat, rows } = await app.fresh();
    expect(await told(chat("ada", sent))).toEqual([400, "validation", pointer]);
    expect(await rows("threads")).toEqual([]);
  });

  it.each(["forged.state", "a.b", "a.b.c", "abcde.fghij", ".", "ab=.cd=", "\u00e4.\u00f6"])(
    "is refused where consent comes back with a state that is none: %s",
    async (odd) => {
      expect(await told(callback(await app.fresh(), { state: odd, code: "c" }))).toEqual([403, "forbidden"]);
    },
  );

  it.each([[{}], [{ state: "s" }], [{ code: "c" }], [{ state: "x".repeat(1_025), code: "c" }]])(
    "is refused by the OAuth callback: %j",
    async (query) => {
      const fresh = await app.fresh();
      expect((await told(callback(fresh, query as never))).slice(0, 2)).toEqual([400, "validation"]);
    },
  );

  it.each([
    [{ "hub.mode": "unsubscribe" }, 400, "validation"],
    [{ "hub.challenge": "<script>" }, 400, "validation"],
    [{ "hub.verify_token": "guessed" }, 403, "forbidden"],
  ])("is refused where Meta verifies the webhook: %j", async (over, status, code) => {
    const { t } = await app.fresh();
    const right = {
      "hub.mode": "subscribe",
      "hub.challenge": "7",
      "hub.verify_token": app.standIns.env.WHATSAPP_VERIFY_TOKEN ?? "",
    };
    const query = new URLSearchParams({ ...right, ...over } as never);
    expect((await told(t.fetch(`/api/whatsapp/webhook?${query}`))).slice(0, 2)).toEqual([status, code]);
  });

  it.each([
    ["no envelope", { hello: "world" }, "validation"],
    ["no base64", { message: { messageId: "1", data: "%%%" }, subscription: "s" }, "validation"],
    ["no JSON within", { message: { messageId: "1", data: "aGVsbG8=" }, subscription: "s" }, "invalid_json"],
  ])("is refused where Pub/Sub pushes: %s", async (_, sent, code) => {
    const { t } = await app.fresh();
    const headers = { ...JSON_TYPE, authorization: `Bearer ${app.standIns.pubSub.token()}` };
    const pushed = t.fetch("/api/gmail/push", { method: "POST", headers, body: JSON.stringify(sent) });
    expect((await told(pushed)).slice(0, 2)).toEqual([400, code]);
  });

  it("is no reason to push again where it is only no notice of Gmail's", async () => {
    const { t } = await app.fresh();
    const pushed = await t.fetch("/api/gmail/push", {
      method: "POST",
      ...app.standIns.pubSub.push({ data: { emailAddress: "nobody", historyId: "x" } }),
    });
    expect([pushed.status, await pushed.json()]).toEqual([200, { outcome: "not a notice of Gmail's" }]);
  });

  it("is refused where Meta delivers another product's events", async () => {
    const { t } = await app.fresh();
    const body = JSON.stringify({ object: "page", entry: [] });
    const headers = { ...JSON_TYPE, ...signedByMeta(body, app.standIns.env.WHATSAPP_APP_SECRET ?? "") };
    const sent = t.fetch("/api/whatsapp/webhook", { method: "POST", headers, body });
    expect(await told(sent)).toEqual([400, "validation", "/object"]);
  });
});

describe("who is not who they say", () => {
  it("is refused where the token was signed by another key, or by none", async () => {
    const { t } = await app.fresh();
    const { PUBSUB_AUDIENCE = "", PUBSUB_SERVICE_ACCOUNT = "" } = app.standIns.env;
    const forger = await pubSubStandIn({ audience: PUBSUB_AUDIENCE, serviceAccount: PUBSUB_SERVICE_ACCOUNT });
    onTestFinished(() => forger.close());
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const [, claims = ""] = app.standIns.pubSub.token().split(".");
    for (const token of [forger.token(), `${part({ alg: "none" })}.${claims}.`, `${claims}.${claims}.${claims}`]) {
      const headers = { ...JSON_TYPE, authorization: `Bearer ${token}` };
      const pushed = t.fetch("/api/gmail/push", { method: "POST", headers, body: "{}" });
      expect(await told(pushed)).toEqual([401, "unauthenticated"]);
    }
  });

  it("is refused after many tries, however they go on", async () => {
    const { t } = await app.fresh();
    const from = t.withRequestMetadata({ ip: "10.9.8.7", userAgent: null });
    const headers = { ...JSON_TYPE, origin: ORIGIN };
    const codes: unknown[] = [];
    for (let n = 0; n < 31; n++)
      codes.push((await told(from.fetch("/api/chat", { method: "POST", headers, body: "{}" })))[1]);
    expect([new Set(codes.slice(0, 30)), codes[30]]).toEqual([new Set(["unauthenticated"]), "rate_limit"]);
  });

  it("can't consent in another's name by a state that another secret has signed", async () => {
    const fresh = await app.fresh();
    const { url } = await fresh.t.withIdentity({ subject: "ada" }).action(api.integrations.gmail.oauth.begin, {});
    const [payload = ""] = (new URL(url).searchParams.get("state") ?? "").split(".");
    const key = await crypto.subtle.importKey(
      "raw",
      Buffer.from("x".repeat(32)),
      { name: "HMAC", hash: "SHA-256" },
      false,
      ["sign"],
    );
    const signature = Buffer.from(await crypto.subtle.sign("HMAC", key, Buffer.from(payload))).toString("base64url");
    const code = app.standIns.google.code();
    expect(await told(callback(fresh, { state: `${payload}.${signature}`, code }))).toEqual([403, "forbidden"]);
    expect(await fresh.rows("gmailConnections")).toEqual([]);
  });
});
