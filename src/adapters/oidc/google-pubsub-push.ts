import { onlyKnown } from "../../core/config.js";
import { type BearerEntry, type OidcBearerOptions, oidcBearer, texts } from "./oidc-bearer.js";

/** Options of {@link googlePubSubPush}. */
export interface GooglePubSubPushOptions
  extends Pick<OidcBearerOptions, "maxAge" | "cooldown" | "timeout" | "fetch" | "clock" | "clockTolerance"> {
  /** What the subscription's push configuration says: by default the push endpoint's URL. */
  readonly audience: string | readonly string[];
  /** The e-mail addresses of the service accounts that the subscriptions push as. */
  readonly serviceAccounts: readonly string[];
  /** Default: Google's. */
  readonly jwksUrl?: string | URL;
}

/** A subscription that pushes. */
export interface PubSubPusher {
  /** The service account's e-mail address. */
  readonly id: string;
}

/**
 * Auth of a Google Pub/Sub push endpoint by the OIDC token that the subscription signs its requests with.
 *
 * @see https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
 */
export function googlePubSubPush(options: GooglePubSubPushOptions): (entry: BearerEntry) => Promise<PubSubPusher> {
  const where = "googlePubSubPush";
  const { serviceAccounts, jwksUrl = "https://www.googleapis.com/oauth2/v3/certs", ...rest } = options;
  onlyKnown(rest, where, ["audience", "maxAge", "cooldown", "timeout", "fetch", "clock", "clockTolerance"]);
  const accounts = new Set(texts(serviceAccounts, `${where}.serviceAccounts`));
  return oidcBearer({
    ...rest,
    jwksUrl,
    issuer: ["https://accounts.google.com", "accounts.google.com"],
    algorithms: ["RS256"],
    principal: ({ email }) => (email !== undefined && accounts.has(email) ? { id: email } : null),
  });
}
