import { ConfigError } from "../core/config.js";

/** Bytes of a hash that are shown: that two of a thousand keys have the same has a chance of 2 in 10^9. */
const SHOWN_BYTES = 6;

/**
 * Hashes keys so that they can be told apart and not be found out: HMAC-SHA-256 (RFC 2104) under a secret that is made
 * when it is first needed, for some platforms have no randomness while modules load, and is never told to anyone. A
 * plain hash would not do: there are few enough addresses and phone numbers to try them all.
 */
export class KeyHash {
  #secret: Promise<CryptoKey> | undefined;

  /** @throws {ConfigError} when the key is no text, or empty */
  async of(key: string): Promise<string> {
    if (typeof key !== "string" || key === "") throw new ConfigError("kit.keyHash: key", key, "text that is not empty");
    this.#secret ??= newSecret();
    const mac = await crypto.subtle.sign("HMAC", await this.#secret, new TextEncoder().encode(key));
    return Array.from(new Uint8Array(mac, 0, SHOWN_BYTES), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }
}

function newSecret(): Promise<CryptoKey> {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
}
