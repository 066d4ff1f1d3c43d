import { generateKeyPair, type KeyObject, sign } from "node:crypto";
import { promisify } from "node:util";
import { type Clock, systemClock } from "../../core/clock.js";
import { type FaultyUpstream, type FaultyUpstreamOptions, faultyUpstream } from "../faulty-upstream/faulty-upstream.js";
import type { SignedWebhook } from "./signed-webhook.js";

/** Options of {@link pubSubStandIn}. */
export interface PubSubStandInOptions extends Omit<FaultyUpstreamOptions, "handler" | "errorBody"> {
  /** What tokens are made for: the endpoint's URL, or what the subscription says instead. */
  readonly audience: string;
  /** The e-mail address of the service account that the subscription pushes as. */
  readonly serviceAccount: string;
  /** For the times of tokens and messages, too. Default: the machine's. */
  readonly clock?: Clock;
}

/** The claims of Google's tokens, all of which can be overridden to make a bad one. */
export interface PubSubClaims {
  readonly iss: string;
  readonly aud: string;
  readonly azp: string;
  readonly sub: string;
  readonly email: string;
  readonly email_verified: boolean;
  /** Unix seconds. */
  readonly iat: number;
  /** Unix seconds; an hour after `iat`. */
  readonly exp: number;
}

/** A message that is pushed. */
export interface PubSubPushed {
  /** Sent as JSON in base64; `undefined`: a message with attributes alone. */
  readonly data?: unknown;
  readonly attributes?: Readonly<Record<string, string>>;
  /** Default: a new one. The same again is the same message, delivered again. */
  readonly messageId?: string;
  /** Default `"projects/stand-in/subscriptions/push"`. */
  readonly subscription?: string;
  /** Of a subscription that has a dead-letter topic. Default: none. */
  readonly deliveryAttempt?: number;
  /** Signs it otherwise. */
  readonly claims?: Partial<PubSubClaims>;
}

/** Google Pub/Sub, as far as the endpoint sees that it pushes to. */
export interface PubSubStandIn extends AsyncDisposable {
  /** Serves the keys; it fails on demand. */
  readonly upstream: FaultyUpstream;
  /** Where the keys are: for `googlePubSubPush({ jwksUrl })`. */
  readonly jwksUrl: string;
  /** A token as the subscription sends it, with other claims where they are given. */
  token(claims?: Partial<PubSubClaims>): string;
  /** A push with its token. */
  push(message?: PubSubPushed): SignedWebhook;
  /** Signs with a new key from now on, and publishes it beside the last one, as Google does. */
  rotateKeys(): Promise<void>;
  close(): Promise<void>;
}

/** Google's path: `https://www.googleapis.com/oauth2/v3/certs`. */
const CERTS_PATH = "/oauth2/v3/certs";
/** The service account's number, in the example of Google's documentation. */
const SUBJECT = "113774264463038321964";

/**
 * A stand-in for Google Pub/Sub that pushes: its messages, the OIDC tokens they are sent with, and the keys that
 * those are signed with, at `{url}/oauth2/v3/certs`.
 *
 * @see https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
 *
 * @example
 * const google = await pubSubStandIn({ audience, serviceAccount: "push@shop.iam.gserviceaccount.com" });
 * const auth = googlePubSubPush({ audience, serviceAccounts: [serviceAccount], jwksUrl: google.jwksUrl });
 * await fetch(url, { method: "POST", ...google.push({ data: { emailAddress, historyId } }) });
 *
 * @throws {ConfigError} when there is an unknown option
 */
export async function pubSubStandIn(options: PubSubStandInOptions): Promise<PubSubStandIn> {
  const { audience, serviceAccount, ...rest } = options;
  const { clock = systemClock } = rest;
  let signer = await makeKey(1);
  let keys: readonly Key[] = [signer];
  let made = 1;
  let pushed = 0;
  const upstream = await faultyUpstream({
    ...rest,
    handler: ({ method, url }) =>
      method === "GET" && new URL(url).pathname === CERTS_PATH
        ? Response.json({ keys: keys.map(({ jwk }) => jwk) }, { headers: { "cache-control": "public, max-age=3600" } })
        : Response.json({ error: { code: 404, message: "Not Found", status: "NOT_FOUND" } }, { status: 404 }),
  });
  const token = (claims: Partial<PubSubClaims> = {}) => {
    const iat = claims.iat ?? Math.floor(clock.wall() / 1000);
    const all: PubSubClaims = {
      aud: audience,
      azp: SUBJECT,
      email: serviceAccount,
      email_verified: true,
      exp: iat + 3600,
      iat,
      iss: "https://accounts.google.com",
      sub: SUBJECT,
      ...claims,
    };
    return jwt(signer, all);
  };
  return {
    upstream,
    jwksUrl: `${upstream.url}${CERTS_PATH}`,
    token,
    push({ claims, messageId = String(2_070_443_601_311_540 + ++pushed), ...message } = {}) {
      return {
        body: JSON.stringify(envelope({ ...message, messageId }, clock)),
        headers: { "content-type": "application/json", authorization: `Bearer ${token(claims)}` },
      };
    },
    async rotateKeys() {
      const last = signer;
      signer = await makeKey(++made);
      keys = [signer, last];
    },
    close: () => upstream.close(),
    [Symbol.asyncDispose]: () => upstream.close(),
  };
}

interface Key {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly jwk: object;
}

async function makeKey(number: number): Promise<Key> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
  const kid = `stand-in-${number}`;
  return { kid, privateKey, jwk: { ...publicKey.export({ format: "jwk" }), kid, alg: "RS256", use: "sig" } };
}

/** RFC 7515, compact. */
function jwt({ kid, privateKey }: Key, claims: object): string {
  const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const signed = `${encoded({ alg: "RS256", kid, typ: "JWT" })}.${encoded(claims)}`;
  return `${signed}.${sign("RSA-SHA256", Buffer.from(signed), privateKey).toString("base64url")}`;
}

/** Pub/Sub writes ids and times in both spellings. */
function envelope(message: Omit<PubSubPushed, "claims"> & { readonly messageId: string }, clock: Clock): object {
  const {
    data,
    attributes,
    messageId,
    subscription = "projects/stand-in/subscriptions/push",
    deliveryAttempt,
  } = message;
  const publishTime = new Date(clock.wall()).toISOString();
  return {
    message: {
      ...(attributes !== undefined && { attributes }),
      ...(data !== undefined && { data: Buffer.from(JSON.stringify(data)).toString("base64") }),
      messageId,
      message_id: messageId,
      publishTime,
      publish_time: publishTime,
    },
    subscription,
    ...(deliveryAttempt !== undefined && { deliveryAttempt }),
  };
}
