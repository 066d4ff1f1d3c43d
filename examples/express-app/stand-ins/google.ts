import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { type FaultyUpstream, type FaultyUpstreamOptions, faultyUpstream } from "keelson/testing";

/** Google, as far as it is needed here. */
export interface GoogleStandIn {
  /** `GET /oauth2/v3/certs`, and Gmail's `GET /gmail/v1/users/{address}/history`. */
  readonly upstream: FaultyUpstream;
  /** What a push subscription sends as its bearer token. */
  pushToken(claims: { readonly audience: string; readonly email: string }): Promise<string>;
}

/** A stand-in for Google's keys, the tokens that Pub/Sub signs with them, and Gmail's history. */
export async function googleStandIn(options: Omit<FaultyUpstreamOptions, "handler"> = {}): Promise<GoogleStandIn> {
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: "stand-in", alg: "RS256", use: "sig" }] };
  let historyId = 1000;
  const upstream = await faultyUpstream({
    ...options,
    handler: ({ url }) => {
      const { pathname, searchParams } = new URL(url);
      if (pathname === "/oauth2/v3/certs") return Response.json(jwks);
      if (!/^\d+$/.test(searchParams.get("startHistoryId") ?? "")) return new Response(null, { status: 400 });
      return Response.json({ history: [], historyId: String(++historyId) });
    },
  });
  return {
    upstream,
    pushToken: ({ audience, email }) =>
      new SignJWT({ email, email_verified: true, azp: "113774264463038321964" })
        .setProtectedHeader({ alg: "RS256", kid: "stand-in", typ: "JWT" })
        .setIssuer("https://accounts.google.com")
        .setSubject("113774264463038321964")
        .setAudience(audience)
        .setIssuedAt()
        .setExpirationTime("1h")
        .sign(privateKey),
  };
}

/** The body of a Pub/Sub push that tells of a change in a mailbox. */
export function gmailPush(messageId: string, emailAddress = "ada@example.com"): string {
  const notice = Buffer.from(JSON.stringify({ emailAddress, historyId: "1234567890" })).toString("base64");
  return JSON.stringify({
    message: { data: notice, messageId, message_id: messageId, publishTime: new Date().toISOString() },
    subscription: "projects/shop/subscriptions/gmail",
  });
}
