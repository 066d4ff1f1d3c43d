import { ConfigError, onlyKnown } from "../../core/config.js";
import { RetryLater } from "../../sinks/outbox.js";
import { type Dsn, parseDsn } from "./dsn.js";
import type { SentryEvent } from "./event.js";

/** Options of {@link sendSentryEvent}. */
export interface SendOptions {
  /** `https://{key}@{host}/{project}`. */
  readonly dsn: string;
  /** In place of the global one: an upstream's, say. */
  readonly fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
  readonly signal?: AbortSignal;
}

/** How long Sentry is left alone when it asks for it without saying how long. */
const BUSY_MS = 60_000;
const encoder = new TextEncoder();

/** An event as an envelope: https://develop.sentry.dev/sdk/data-model/envelopes/ */
export function sentryEnvelope(
  event: SentryEvent & { readonly event_id: string },
  sentAt: number,
  dsn: string,
): string {
  const payload = JSON.stringify(event);
  const header = JSON.stringify({ event_id: event.event_id, sent_at: new Date(sentAt).toISOString(), dsn });
  const item = JSON.stringify({ type: "event", length: encoder.encode(payload).length });
  return `${header}\n${item}\n${payload}\n`;
}

/** A new event's id. */
export function newEventId(): string {
  return crypto.randomUUID().replaceAll("-", "");
}

/**
 * Sends one event to Sentry by fetch alone: in an edge runtime, or an action of Convex. Sending it again is harmless,
 * for it keeps its id, once it has one.
 *
 * @throws {ConfigError} when `dsn` is none
 * @throws {Error} what `fetch` throws, and when Sentry doesn't take the event
 */
export async function sendSentryEvent(event: SentryEvent, options: SendOptions): Promise<void> {
  onlyKnown(options, "sendSentryEvent", ["dsn", "fetch", "signal"]);
  await send(event, checkedDsn(options.dsn, "sendSentryEvent.dsn"), options);
}

/** @throws {ConfigError} when it is none */
export function checkedDsn(dsn: unknown, option: string): Dsn {
  const parsed = typeof dsn === "string" ? parseDsn(dsn) : undefined;
  if (parsed === undefined) throw new ConfigError(option, dsn, '"https://{key}@{host}/{project}"');
  return parsed;
}

/** @throws {RetryLater} when Sentry, or the way there, is in trouble */
export async function send(event: SentryEvent, { url, key }: Dsn, options: SendOptions): Promise<void> {
  const { dsn, fetch = globalThis.fetch, signal } = options;
  const known = { ...event, event_id: event.event_id ?? newEventId() };
  let response: Response;
  try {
    response = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/x-sentry-envelope",
        "x-sentry-auth": `Sentry sentry_version=7, sentry_key=${key}, sentry_client=keelson/1`,
      },
      body: sentryEnvelope(known, Date.now(), dsn),
      ...(signal !== undefined && { signal }),
    });
  } catch (cause) {
    throw Object.assign(new RetryLater("Sentry could not be reached"), { cause });
  }
  await response.body?.cancel();
  if (response.ok) return;
  const said = `Sentry answered ${response.status}`;
  if (response.status === 429) throw new RetryLater(said, secondsOf(response.headers.get("retry-after")));
  if (response.status >= 500) throw new RetryLater(said);
  throw new Error(said);
}

function secondsOf(retryAfter: string | null): number {
  return retryAfter !== null && /^\d{1,5}$/.test(retryAfter) ? Number(retryAfter) * 1000 : BUSY_MS;
}
