import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from "jose";
import { describe, expect, it, onTestFinished } from "vitest";
import { googlePubSubPush } from "../../adapters/oidc/index.js";
import { pubSubMessage } from "../../boundary/webhooks/pubsub.js";
import { ConfigError } from "../../core/config.js";
import { ManualClock } from "../manual-clock.js";
import { type PubSubStandIn, type PubSubStandInOptions, pubSubStandIn } from "./pubsub-stand-in.js";

const audience = "https://shop.example/api/gmail/push";
const serviceAccount = "push@shop.iam.gserviceaccount.com";

async function start(options: Partial<PubSubStandInOptions> = {}): Promise<PubSubStandIn> {
  const google = await pubSubStandIn({ audience, serviceAccount, clock: new ManualClock(), ...options });
  onTestFinished(() => google.close());
  return google;
}

/** What an endpoint that is pushed to would say to a token. */
function guard({ jwksUrl }: PubSubStandIn, clock = new ManualClock()) {
  const push = googlePubSubPush({ audience, serviceAccounts: [serviceAccount], jwksUrl, clock });
  return (token: string) => push({ header: (name) => (name === "authorization" ? `Bearer ${token}` : null) });
}

describe("the stand-in for Pub/Sub's pushes", () => {
  it("signs tokens as Google does, with keys that it publishes", async () => {
    const google = await start();
    const token = google.token();
    const response = await fetch(google.jwksUrl);
    expect(new URL(google.jwksUrl).pathname).toBe("/oauth2/v3/certs");
    expect(response.headers.get("cache-control")).toContain("max-age");
    const keys = await response.json();
    expect(decodeProtectedHeader(token)).toEqual({ alg: "RS256", kid: keys.keys[0].kid, typ: "JWT" });
    expect(Object.keys(keys.keys[0]).sort()).toEqual(["alg", "e", "kid", "kty", "n", "use"]);
    const currentDate = new Date(Date.UTC(2026, 0, 1));
    const { payload } = await jwtVerify(token, createLocalJWKSet(keys), { currentDate });
    expect(payload).toEqual({
      aud: audience,
      azp: payload.sub,
      email: serviceAccount,
      email_verified: true,
      exp: Date.UTC(2026, 0, 1, 1) / 1000,
      iat: Date.UTC(2026, 0, 1) / 1000,
      iss: "https://accounts.google.com",
      sub: expect.stringMatching(/^\d+$/),
    });
  });

  it("is let in by a guard that is pointed at its keys", async () => {
    const google = await start();
    await expect(guard(google)(google.token())).resolves.toEqual({ id: serviceAccount });
  });

  it.each([
    ["another audience", { aud: "https://other.example" }, "unauthenticated"],
    ["another issuer", { iss: "https://issuer.example" }, "unauthenticated"],
    ["a time that is over", { exp: Date.UTC(2025, 11, 31) / 1000 }, "unauthenticated"],
    ["another account", { email: "other@shop.example" }, "forbidden"],
    ["an address that is not verified", { email_verified: false }, "forbidden"],
  ])("makes tokens with %s, which are refused", async (_, claims, code) => {
    const google = await start();
    await expect(guard(google)(google.token(claims))).rejects.toMatchObject({ code });
  });

  it("makes no token that another stand-in's keys verify", async () => {
    const [google, forger] = await Promise.all([start(), start()]);
    await expect(guard(google)(forger.token())).rejects.toMatchObject({ code: "unauthenticated" });
  });

  it("signs with a new key on demand, and still publishes the last one", async () => {
    const google = await start();
    const [clock, before] = [new ManualClock(), google.token()];
    const check = guard(google, clock);
    await check(before);
    await google.rotateKeys();
    await clock.advance(60_000);
    await expect(check(google.token())).resolves.toEqual({ id: serviceAccount });
    await expect(check(before)).resolves.toEqual({ id: serviceAccount });
    expect(google.upstream.counts().byRoute).toEqual({ "GET /oauth2/v3/certs": 2 });
  });

  it("fails on demand", async () => {
    const google = await start();
    google.upstream.inject({ kind: "status", status: 503 });
    await expect(guard(google)(google.token())).rejects.toMatchObject({ code: "unavailable" });
  });

  it("pushes messages in Pub/Sub's envelope", async () => {
    const google = await start();
    const data = { emailAddress: "ada@example.com", historyId: "1234" };
    const { body, headers } = google.push({ data, attributes: { kind: "gmail" }, deliveryAttempt: 2 });
    expect(headers).toEqual({ "content-type": "application/json", authorization: `Bearer ${google.token()}` });
    expect(pubSubMessage(JSON.parse(body))).toEqual({
      id: expect.stringMatching(/^\d+$/),
      data,
      attributes: { kind: "gmail" },
      subscription: "projects/stand-in/subscriptions/push",
      publishTime: "2026-01-01T00:00:00.000Z",
      deliveryAttempt: 2,
    });
  });

  it("gives each message an id of its own, or the one it is told", async () => {
    const google = await start();
    const id = (body: string) => pubSubMessage(JSON.parse(body)).id;
    expect(id(google.push().body)).not.toBe(id(google.push().body));
    expect(id(google.push({ messageId: "7" }).body)).toBe("7");
  });

  it("signs a push otherwise where it is told to", async () => {
    const google = await start();
    const { headers } = google.push({ claims: { email: "other@shop.example" } });
    const token = headers.authorization?.replace("Bearer ", "") ?? "";
    await expect(guard(google)(token)).rejects.toMatchObject({ code: "forbidden" });
  });

  it("has nothing else at its address", async () => {
    const google = await start();
    expect((await fetch(`${google.upstream.url}/oauth2/v1/certs`)).status).toBe(404);
    expect((await fetch(google.jwksUrl, { method: "POST" })).status).toBe(404);
  });

  it("knows no other options", async () => {
    await expect(start({ issuer: "x" } as Partial<PubSubStandInOptions>)).rejects.toThrow(ConfigError);
  });
});
