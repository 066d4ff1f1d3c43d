import { ConfigError, oneOf, onlyKnown } from "../../core/config.js";
import { type Duration, milliseconds } from "../../core/duration.js";
import {
  fromBase64,
  fromHex,
  HmacKeys,
  prefixed,
  refused,
  secretBytes,
  timely,
  type WebhookSecret,
  type WebhookVerifier,
} from "./verifier.js";

/** Options of {@link hmacSignature}. */
export interface HmacSignatureOptions {
  /** Which header carries the signature. */
  readonly header: string;
  /** Several while one replaces another. */
  readonly secrets: readonly WebhookSecret[];
  /** Default `"sha256"`. */
  readonly algorithm?: "sha256" | "sha384" | "sha512";
  /** How the signature is written. Default `"hex"`. */
  readonly encoding?: "hex" | "base64";
  /** What stands before it in the header: `"sha256="`. Default none. */
  readonly prefix?: string;
  /** Where a timestamp is signed too: in front of the body, with `separator` in between. Default: only the body is signed. */
  readonly timestamp?: {
    /** The header with Unix seconds. */
    readonly header: string;
    /** How far it may be from now, both ways. Default `"5m"`. */
    readonly tolerance?: Duration;
    /** Default `"."`. */
    readonly separator?: string;
  };
  /** What the scheme is called. Default `hmac:` and the header. */
  readonly name?: string;
}

/**
 * A webhook whose header carries an HMAC of its raw body, or of a timestamp and the body. Without a timestamp a
 * message can be sent again by whoever saw it: put a replay guard behind it.
 */
export function hmacSignature(options: HmacSignatureOptions): WebhookVerifier {
  const where = "hmacSignature";
  onlyKnown(options, where, ["header", "secrets", "algorithm", "encoding", "prefix", "timestamp", "name"]);
  if (options.timestamp) onlyKnown(options.timestamp, `${where}.timestamp`, ["header", "tolerance", "separator"]);
  const { algorithm = "sha256", encoding = "hex", prefix = "", timestamp } = options;
  const hash = `SHA-${oneOf(algorithm, `${where}.algorithm`, ["sha256", "sha384", "sha512"]).slice(3)}`;
  const decode = oneOf(encoding, `${where}.encoding`, ["hex", "base64"]) === "hex" ? fromHex : fromBase64;
  const keys = new HmacKeys(secretBytes(options.secrets, `${where}.secrets`), hash);
  const name = headerName(options.header, `${where}.header`);
  const time = timestamp && {
    header: headerName(timestamp.header, `${where}.timestamp.header`),
    tolerance: milliseconds(timestamp.tolerance ?? "5m", `${where}.timestamp.tolerance`, 1000),
    separator: timestamp.separator ?? ".",
  };
  return {
    name: options.name ?? `hmac:${name}`,
    async verify(input) {
      const given = input.header(name);
      if (given === null) throw refused(`The webhook's header ${name} is required`);
      const signature = given.startsWith(prefix) ? decode(given.slice(prefix.length)) : null;
      if (signature === null) throw refused("The webhook's signature is malformed");
      const sent = time && input.header(time.header);
      const at = time && timely(sent ?? null, input.now, time.tolerance);
      const data = time ? prefixed(`${sent}${time.separator}`, input.body) : new Uint8Array(input.body);
      if (!(await keys.verify([signature], data))) throw refused("The webhook's signature is not valid");
      return at === undefined ? {} : { timestamp: at };
    },
  };
}

function headerName(value: unknown, option: string): string {
  if (typeof value === "string" && /^[\w!#$%&'*+.^`|~-]+$/.test(value)) return value.toLowerCase();
  throw new ConfigError(option, value, "a header name");
}
