import { KeelsonError } from "keelson";
import { needed } from "./needed";

/** How long a user may take to consent. */
const GOOD_FOR_MS = 10 * 60_000;

/** What an OAuth flow remembers while the user is at Google. */
export interface State {
  readonly owner: string;
  /** One flow's own. */
  readonly nonce: string;
}

/** Signs the state of a flow that begins now. */
export async function signState(owner: string, now: number): Promise<string> {
  const nonce = crypto.randomUUID();
  const payload = base64url(new TextEncoder().encode(JSON.stringify({ owner, nonce, until: now + GOOD_FOR_MS })));
  const signature = await crypto.subtle.sign("HMAC", await key(), new TextEncoder().encode(payload));
  return `${payload}.${base64url(new Uint8Array(signature))}`;
}

/** @throws {KeelsonError} `forbidden` for a state that isn't ours, or is too old */
export async function verifyState(state: string, now: number): Promise<State> {
  const [payload = "", signature = ""] = state.split(".");
  const good = await crypto.subtle.verify("HMAC", await key(), bytesOf(signature), new TextEncoder().encode(payload));
  if (!good) throw refused("The state was not signed by this app");
  const { owner, nonce, until } = JSON.parse(new TextDecoder().decode(bytesOf(payload))) as State & { until: number };
  if (until <= now) throw refused("The state is too old: begin anew");
  return { owner, nonce };
}

function refused(detail: string): KeelsonError {
  return new KeelsonError("forbidden", undefined, { detail });
}

function key(): Promise<CryptoKey> {
  const secret = needed("OAUTH_STATE_SECRET");
  if (secret.length < 32) throw new KeelsonError("unavailable", "OAUTH_STATE_SECRET has fewer than 32 characters");
  const raw = new TextEncoder().encode(secret);
  return crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");
}

/** What isn't base64url comes to nothing, and so is signed by nobody. */
function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  if (!/^[\w-]*$/.test(text) || text.length % 4 === 1) return new Uint8Array();
  const plain = atob(
    text
      .replace(/-/g, "+")
      .replace(/_/g, "/")
      .padEnd(Math.ceil(text.length / 4) * 4, "="),
  );
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
}
