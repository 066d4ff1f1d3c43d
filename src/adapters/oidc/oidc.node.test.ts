import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ConfigError } from "../../core/config.js";
import { ManualClock, settled } from "../../testing/manual-clock.js";
import { googlePubSubPush, type OidcBearerOptions, oidcBearer } from "./index.js";

type Key = { kid: string; alg: string; sign: CryptoKey; jwk: JWK };

async function makeKey(kid: string, alg = "RS256"): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair(alg);
  return { kid, alg, sign: privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: "sig" } };
}

/** An issuer's JWKS endpoint on loopback. */
const published = { keys: [] as JWK[], status: 200, requests: 0, hang: false };
let server: Server;
let jwksUrl: string;
let one: Key;
let two: Key;
let elliptic: Key;

beforeAll(async () => {
  [one, two, elliptic] = await Promise.all([makeKey("one"), makeKey("two"), makeKey("elliptic", "ES256")]);
  server = createServer((_, response) => {
    published.requests++;
    if (published.hang) return;
    response.writeHead(published.status, { "content-type": "application/json" });
    response.end(JSON.stringify({ keys: published.keys }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/certs`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

let clock: ManualClock;

beforeEach(() => {
  Object.assign(published, { keys: [one.jwk, elliptic.jwk], status: 200, requests: 0, hang: false });
  clock = new ManualClock();
});

const issuer = "https://issuer.example";
const audience = "https://shop.example/push";

function token(key: Key, claims: JWTPayload = {}, header: { alg?: string } = {}): Promise<string> {
  const now = Math.floor(clock.wall() / 1000);
  return new SignJWT({ iss: issuer, aud: audience, sub: "s1", iat: now, exp: now + 300, ...claims })
    .setProtectedHeader({ alg: key.alg, kid: key.kid, ...header })
    .sign(key.sign);
}

const bearer = (value: string | null) => ({
  header: (name: string) => (name === "authorization" && value !== null ? `Bearer ${value}` : null),
});

const guard = (options: Partial<OidcBearerOptions> = {}) =>
  oidcBearer({ issuer, audience, jwksUrl, clock, ...options });

describe("oidcBearer", () => {
  it.each(["RS256", "ES256"])("lets a good %s token in", async (alg) => {
    const key = alg === "RS256" ? one : elliptic;
    await expect(
      guard()(bearer(await token(key, { email: "a@b.example", email_verified: true }))),
    ).resolves.toMatchObject({ id: "s1", issuer, email: "a@b.example", claims: { aud: audience } });
  });

  it("does not believe an e-mail address that the issuer has not verified", async () => {
    const principal = await guard()(bearer(await token(one, { email: "a@b.example", email_verified: false })));
    expect(principal.email).toBeUndefined();
  });

  it.each<[string, () => Promise<string | null>, string]>([
    ["no token", async () => null, "A bearer token is required"],
    ["garbage", async () => "a.b.c", "The token is not valid"],
    ["another audience", () => token(one, { aud: "https://other.example" }), "The token is not valid"],
    ["another issuer", () => token(one, { iss: "https://evil.example" }), "The token is not valid"],
    ["an expired token", () => token(one, { exp: Math.floor(clock.wall() / 1000) - 60 }), "The token has expired"],
    ["a token without an end", () => token(one, { exp: undefined } as never), "The token is not valid"],
    [
      "a token that is not valid yet",
      () => token(one, { nbf: Math.floor(clock.wall() / 1000) + 60 }),
      "The token is not valid",
    ],
    ["a key that is not published", () => token(two), "The token is not valid"],
    ["a foreign key under a published name", () => token({ ...two, kid: "one" }), "The token is not valid"],
    ["a token that is too long", async () => "a".repeat(20_000), "The token is not valid"],
  ])("refuses %s", async (_, make, detail) => {
    await expect(guard()(bearer(await make()))).rejects.toMatchObject({ code: "unauthenticated", status: 401, detail });
  });

  it("refuses tokens that are unsigned, or signed with the public key as if it were a secret", async () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const claims = part({ iss: issuer, aud: audience, sub: "s1", exp: Math.floor(clock.wall() / 1000) + 60 });
    const unsigned = `${part({ alg: "none", kid: "one" })}.${claims}.`;
    const secret = new TextEncoder().encode(JSON.stringify(one.jwk));
    const confused = await new SignJWT({ iss: issuer, aud: audience, sub: "s1" })
      .setExpirationTime("1h")
      .setProtectedHeader({ alg: "HS256", kid: "one" })
      .sign(secret);
    for (const forged of [unsigned, confused])
      await expect(guard()(bearer(forged))).rejects.toMatchObject({ code: "unauthenticated" });
  });

  it("says in a header what is wrong with the token", async () => {
    await expect(guard()(bearer(null))).rejects.toMatchObject({ headers: { "www-authenticate": "Bearer" } });
    await expect(guard()(bearer("x.y.z"))).rejects.toMatchObject({
      headers: { "www-authenticate": 'Bearer error="invalid_token"' },
    });
  });

  it("fetches the keys once for any number of calls, and again when they are old", async () => {
    const auth = guard({ maxAge: "10m" });
    const good = await token(one, { exp: Math.floor(clock.wall() / 1000) + 3600 });
    await Promise.all(Array.from({ length: 20 }, () => auth(bearer(good))));
    expect(published.requests).toBe(1);
    clock.tick(9 * 60_000);
    await auth(bearer(good));
    expect(published.requests).toBe(1);
    clock.tick(61_000);
    await auth(bearer(good));
    expect(published.requests).toBe(2);
  });

  it("finds a new key at once when the cool-down has passed, and fetches no sooner for unknown ones", async () => {
    const auth = guard({ cooldown: "30s" });
    await auth(bearer(await token(one)));
    published.keys = [two.jwk];
    const rotated = await token(two);
    await expect(auth(bearer(rotated))).rejects.toMatchObject({ code: "unauthenticated" });
    expect(published.requests).toBe(1);
    clock.tick(30_000);
    await expect(auth(bearer(rotated))).resolves.toMatchObject({ id: "s1" });
    expect(published.requests).toBe(2);
  });

  it("lets nobody in while the keys can't be had, says when to try again, and leaves the issuer in peace", async () => {
    const auth = guard();
    const good = await token(one);
    published.status = 500;
    await expect(auth(bearer(good))).rejects.toMatchObject({ code: "unavailable", status: 503, retryAfterMs: 5000 });
    clock.tick(2000);
    await expect(auth(bearer(good))).rejects.toMatchObject({ code: "unavailable", retryAfterMs: 3000 });
    expect(published.requests).toBe(1);
    published.status = 200;
    clock.tick(3000);
    await expect(auth(bearer(good))).resolves.toMatchObject({ id: "s1" });
  });

  it("stops waiting for an issuer that hangs", async () => {
    published.hang = true;
    const refused = expect(guard({ timeout: "5s" })(bearer(await token(one)))).rejects.toMatchObject({
      code: "unavailable",
      cause: { code: "upstream_timeout" },
    });
    await settled();
    expect(clock.pending("held")).toBe(1);
    await clock.advance(5000);
    await refused;
    expect(clock.pending()).toBe(0);
  });

  it("takes an unreachable or nonsensical issuer as unavailable", async () => {
    const good = await token(one);
    const gone = guard({ fetch: () => Promise.reject(new TypeError("fetch failed")) });
    const nonsense = guard({ fetch: async () => new Response("<html>") });
    const empty = guard({ fetch: async () => Response.json({ keys: "none" }) });
    for (const auth of [gone, nonsense, empty])
      await expect(auth(bearer(good))).rejects.toMatchObject({ code: "unavailable", status: 503 });
  });

  it("makes the principal its own way, and lets in whom that lets in", async () => {
    const auth = guard({
      principal: ({ id }) => (id === "s1" ? { id, issuer: "", email: undefined, claims: {} } : null),
    });
    await expect(auth(bearer(await token(one)))).resolves.toMatchObject({ id: "s1" });
    await expect(auth(bearer(await token(one, { sub: "s2" })))).rejects.toMatchObject({ code: "forbidden" });
  });

  it.each([
    [{ jwksUrl: "http://issuer.example/certs" }, /oidcBearer\.jwksUrl.*https/],
    [{ jwksUrl: "certs" }, /oidcBearer\.jwksUrl/],
    [{ audience: "" }, /oidcBearer\.audience/],
    [{ issuer: [] }, /oidcBearer\.issuer/],
    [{ algorithms: ["HS256"] }, /oidcBearer\.algorithms.*asymmetric/],
    [{ cooldown: "soon" }, /oidcBearer\.cooldown/],
    [{ audiance: "x" }, /oidcBearer\.audiance.*no such option/],
  ])("refuses the options %o", (wrong, message) => {
    expect(() => guard(wrong as never)).toThrow(ConfigError);
    expect(() => guard(wrong as never)).toThrow(message);
  });
});

describe("googlePubSubPush", () => {
  const google = "https://accounts.google.com";
  const account = "push@project.iam.gserviceaccount.example";
  const push = () => googlePubSubPush({ audience, serviceAccounts: [account], jwksUrl, clock });

  it("lets the named service account in", async () => {
    const good = await token(one, { iss: google, email: account, email_verified: true });
    await expect(push()(bearer(good))).resolves.toEqual({ id: account });
  });

  it.each([
    ["another service account", { iss: google, email: "other@x.example", email_verified: true }, "forbidden"],
    ["an address that is not verified", { iss: google, email: account, email_verified: false }, "forbidden"],
    ["another issuer", { email: account, email_verified: true }, "unauthenticated"],
  ])("refuses %s", async (_, claims, code) => {
    await expect(push()(bearer(await token(one, claims)))).rejects.toMatchObject({ code });
  });

  it("wants to know which service accounts may push", () => {
    expect(() => googlePubSubPush({ audience, serviceAccounts: [] })).toThrow(
      "googlePubSubPush.serviceAccounts: got []; allowed: a text, or a list of at least one",
    );
  });
});
