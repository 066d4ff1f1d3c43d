import { ConfigError } from "../../core/config.js";
import { KeelsonError } from "../../core/errors.js";

/** What a signature is checked against: the request before anything parsed it. */
export interface Signed {
  /** A header by its name in lower case, or `null`. */
  header(name: string): string | null;
  /** The body's raw bytes, just as they came. */
  readonly body: Uint8Array;
  /** The wall clock, in Unix milliseconds. */
  readonly now: number;
}

/** What a good signature vouches for, where the scheme has it. */
export interface Verified {
  /** The message's id, for the replay guard. */
  readonly id?: string;
  /** When it was sent, in Unix milliseconds. */
  readonly timestamp?: number;
}

/** Checks the signature of a webhook. */
export interface WebhookVerifier {
  /** Of the scheme: `standard-webhooks`. Shown in the surface matrix. */
  readonly name: string;
  /**
   * @throws {KeelsonError} `unauthenticated` when the signature is missing or wrong, or the message too old; its
   * detail says which without telling what would have been right
   */
  verify(input: Signed): Promise<Verified>;
}

/** A shared secret: text, taken as UTF-8, or bytes. */
export type WebhookSecret = string | Uint8Array;

/** HMAC keys of several secrets, for the time while one replaces another. Each is imported once. */
export class HmacKeys {
  readonly #secrets: readonly Uint8Array<ArrayBuffer>[];
  readonly #hash: string;
  #keys: Promise<CryptoKey[]> | undefined;

  constructor(secrets: readonly Uint8Array<ArrayBuffer>[], hash: string) {
    this.#secrets = secrets;
    this.#hash = hash;
  }

  /**
   * Whether any of the signatures was made over `data` with any of the secrets. `crypto.subtle.verify` compares in
   * constant time; and all pairs are tried, so that the time does not tell which secret matched.
   */
  async verify(signatures: readonly Uint8Array<ArrayBuffer>[], data: Uint8Array<ArrayBuffer>): Promise<boolean> {
    this.#keys ??= Promise.all(
      this.#secrets.map((secret) =>
        crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: this.#hash }, false, ["verify"]),
      ),
    );
    const keys = await this.#keys;
    const results = await Promise.all(
      keys.flatMap((key) => signatures.map((signature) => crypto.subtle.verify("HMAC", key, signature, data))),
    );
    return results.includes(true);
  }
}

/**
 * The bytes of each secret.
 *
 * @throws {ConfigError} when there is none or one is empty; the message does not show them
 */
export function secretBytes(
  secrets: readonly WebhookSecret[],
  option: string,
  decode: (text: string) => Uint8Array<ArrayBuffer> | null = (text) => new TextEncoder().encode(text),
  allowed = "a secret that is not empty",
): Uint8Array<ArrayBuffer>[] {
  if (!Array.isArray(secrets) || secrets.length === 0)
    throw new ConfigError(option, [], "a list of at least one secret");
  return secrets.map((secret: unknown, index) => {
    const raw =
      typeof secret === "string" ? decode(secret) : secret instanceof Uint8Array ? new Uint8Array(secret) : null;
    if (raw === null || raw.length === 0)
      throw new ConfigError(`${option}[${index}]`, secret === "" ? "" : "(hidden)", allowed);
    return raw;
  });
}

/** The refusal of a webhook; `detail` is sent to the caller. */
export function refused(detail: string): KeelsonError {
  return new KeelsonError("unauthenticated", detail, { detail, source: "webhook" });
}

/**
 * A time in Unix seconds, as schemes send it, within `toleranceMs` of now on either side. In milliseconds.
 *
 * Only digits count as a time: `Number` would also take "1e9", "0x10" and " 5".
 */
export function timely(seconds: string | null, now: number, toleranceMs: number): number {
  if (seconds === null || !/^\d{1,12}$/.test(seconds)) throw refused("The webhook's timestamp is missing or malformed");
  const at = Number(seconds) * 1000;
  if (at < now - toleranceMs) throw refused("The webhook's timestamp is too old");
  if (at > now + toleranceMs) throw refused("The webhook's timestamp is in the future");
  return at;
}

/** `data` after a prefix of text. */
export function prefixed(prefix: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = new TextEncoder().encode(prefix);
  const whole = new Uint8Array(head.length + data.length);
  whole.set(head);
  whole.set(data, head.length);
  return whole;
}

/** Base64, with its padding or without, or `null` where it is anything else. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | null {
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    return null;
  }
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

/** Hexadecimal in either case, or `null` where it is anything else. */
export function fromHex(text: string): Uint8Array<ArrayBuffer> | null {
  if (!/^(?:[\da-f]{2})*$/i.test(text)) return null;
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
