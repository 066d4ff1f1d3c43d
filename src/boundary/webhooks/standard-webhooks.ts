import { onlyKnown } from "../../core/config.js";
import { type Duration, milliseconds } from "../../core/duration.js";
import {
  fromBase64,
  HmacKeys,
  prefixed,
  refused,
  secretBytes,
  timely,
  type WebhookSecret,
  type WebhookVerifier,
} from "./verifier.js";

/** Options of {@link standardWebhooks}. */
export interface StandardWebhooksOptions {
  /** `whsec_` and base64, or the bytes. Several while one replaces another. */
  readonly secrets: readonly WebhookSecret[];
  /** How far the sender's timestamp may be from now, both ways. Default `"5m"`. */
  readonly tolerance?: Duration;
}

/** More signatures than any rotation needs are not looked at: each one costs an HMAC. */
const MAX_SIGNATURES = 10;

/**
 * Webhooks signed as Standard Webhooks 1.0 says (https://www.standardwebhooks.com): HMAC-SHA256 over
 * `{id}.{timestamp}.{body}`, in the headers `webhook-id`, `webhook-timestamp` and `webhook-signature`; of the latter
 * those with the version `v1`.
 */
export function standardWebhooks(options: StandardWebhooksOptions): WebhookVerifier {
  onlyKnown(options, "standardWebhooks", ["secrets", "tolerance"]);
  const tolerance = milliseconds(options.tolerance ?? "5m", "standardWebhooks.tolerance", 1000);
  const keys = new HmacKeys(
    secretBytes(
      options.secrets,
      "standardWebhooks.secrets",
      (text) => fromBase64(text.replace(/^whsec_/, "")),
      "whsec_ and base64",
    ),
    "SHA-256",
  );
  return {
    name: "standard-webhooks",
    async verify(input) {
      const id = input.header("webhook-id");
      const sent = input.header("webhook-timestamp");
      const signed = input.header("webhook-signature");
      if (id === null || sent === null || signed === null)
        throw refused("The webhook's headers webhook-id, webhook-timestamp and webhook-signature are required");
      // A full stop in the id would let one signed text be read as another id, time and body.
      if (!/^[^.]{1,256}$/.test(id)) throw refused("The webhook's id is malformed");
      const timestamp = timely(sent, input.now, tolerance);
      const signatures = signed
        .split(" ")
        .filter((part) => part.startsWith("v1,"))
        .slice(0, MAX_SIGNATURES)
        .map((part) => fromBase64(part.slice(3)))
        .filter((bytes) => bytes !== null);
      if (!(await keys.verify(signatures, prefixed(`${id}.${sent}.`, input.body))))
        throw refused("The webhook's signature is not valid");
      return { id, timestamp };
    },
  };
}
