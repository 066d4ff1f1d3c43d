import { type FaultyUpstream, type FaultyUpstreamOptions, faultyUpstream } from "./faulty-upstream.js";

/** An event as it came in an envelope. */
export type SentryEvent = Readonly<Record<string, unknown>>;

/** A receiver of what apps tell Sentry. */
export interface SentryStandIn extends AsyncDisposable {
  /** Takes envelopes; it fails on demand. */
  readonly upstream: FaultyUpstream;
  /** For the app: where to send, and with which key. */
  readonly dsn: string;
  /** The events that came, in order. */
  readonly events: readonly SentryEvent[];
  close(): Promise<void>;
}

const KEY = "0123456789abcdef0123456789abcdef";
const PROJECT = "42";

/**
 * A stand-in for Sentry: `POST /api/42/envelope/`. It reads envelopes strictly by
 * https://develop.sentry.dev/sdk/data-model/envelopes/, and answers 400 to what is none.
 */
export async function sentryStandIn(
  options: Omit<FaultyUpstreamOptions, "handler" | "errorBody"> = {},
): Promise<SentryStandIn> {
  const events: SentryEvent[] = [];
  const upstream = await faultyUpstream({
    ...options,
    errorBody: () => ({ detail: "unavailable" }),
    handler: async (request) => {
      const { pathname, searchParams } = new URL(request.url);
      if (pathname !== `/api/${PROJECT}/envelope/` || request.method !== "POST") return refusal(404, "no such project");
      const key = /sentry_key=(\w+)/.exec(request.headers.get("x-sentry-auth") ?? "")?.[1];
      if ((key ?? searchParams.get("sentry_key")) !== KEY) return refusal(403, "invalid key");
      const parsed = envelopeOf(new Uint8Array(await request.arrayBuffer()));
      if (typeof parsed === "string") return refusal(400, parsed);
      events.push(...parsed.events);
      return Response.json({ id: parsed.id });
    },
  });
  const { host } = new URL(upstream.url);
  const close = () => upstream.close();
  return { upstream, dsn: `http://${KEY}@${host}/${PROJECT}`, events, close, [Symbol.asyncDispose]: close };
}

function refusal(status: number, detail: string): Response {
  return Response.json({ detail }, { status });
}

/** The events of an envelope; a text says what is wrong with it. */
function envelopeOf(bytes: Uint8Array): { readonly id: unknown; readonly events: readonly SentryEvent[] } | string {
  let rest = bytes;
  const line = (): Uint8Array => {
    const end = rest.indexOf(10);
    const taken = end < 0 ? rest : rest.subarray(0, end);
    rest = end < 0 ? new Uint8Array() : rest.subarray(end + 1);
    return taken;
  };
  const header = jsonOf(line());
  if (header === undefined) return "the envelope's header is no JSON object";
  const events: SentryEvent[] = [];
  while (rest.length > 0) {
    const item = jsonOf(line());
    if (item === undefined || typeof item.type !== "string") return "an item's header is no JSON object with a type";
    const { length } = item;
    if (length !== undefined && (typeof length !== "number" || length > rest.length))
      return "an item is shorter than it says";
    let payload: Uint8Array;
    if (length === undefined) payload = line();
    else {
      payload = rest.subarray(0, length);
      rest = rest.subarray(length);
      if (rest.length > 0 && rest[0] !== 10) return "an item is longer than it says";
      rest = rest.subarray(1);
    }
    if (item.type !== "event") continue;
    const event = jsonOf(payload);
    if (event === undefined) return "an event is no JSON object";
    if (!/^[0-9a-f]{32}$/.test(String(event.event_id))) return "an event's id is not 32 hexadecimal digits";
    events.push(event);
  }
  return { id: header.event_id, events };
}

function jsonOf(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
