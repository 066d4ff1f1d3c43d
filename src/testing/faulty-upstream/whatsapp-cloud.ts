import { randomUUID } from "node:crypto";
import { type FaultyUpstream, type FaultyUpstreamOptions, faultyUpstream } from "./faulty-upstream.js";

/** A text message that was sent. */
export interface WhatsAppSent {
  readonly id: string;
  /** The number's id that it was sent from. */
  readonly phoneNumberId: string;
  readonly to: string;
  readonly text: string;
}

/** Options of {@link whatsAppCloudStandIn}. */
export interface WhatsAppCloudStandInOptions extends Omit<FaultyUpstreamOptions, "handler" | "errorBody"> {
  /** The token that clients have to send. Default: any. */
  readonly token?: string;
}

/** The WhatsApp Cloud API, as far as an app sees it that sends messages. */
export interface WhatsAppCloudStandIn extends AsyncDisposable {
  /** `POST {url}/{version}/{phoneNumberId}/messages`; it fails on demand. */
  readonly upstream: FaultyUpstream;
  /** What was sent, in order. */
  readonly sent: readonly WhatsAppSent[];
  close(): Promise<void>;
}

const CODES: Readonly<Record<number, readonly [code: number, message: string]>> = {
  401: [190, "Error validating access token"],
  429: [130_429, "(#130429) Rate limit hit"],
};

/**
 * A stand-in for the WhatsApp Cloud API's messages, in its wire format
 * (https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages).
 */
export async function whatsAppCloudStandIn(options: WhatsAppCloudStandInOptions = {}): Promise<WhatsAppCloudStandIn> {
  const { token, ...rest } = options;
  const sent: WhatsAppSent[] = [];
  const upstream = await faultyUpstream({
    ...rest,
    errorBody: (status) => problem(...(CODES[status] ?? [131_000, "(#131000) Something went wrong"])),
    handler: async (request) => {
      const [, phoneNumberId] = /^\/v\d+\.\d+\/(\d+)\/messages$/.exec(new URL(request.url).pathname) ?? [];
      if (phoneNumberId === undefined || request.method !== "POST")
        return refusal(404, 2500, "Unknown path components");
      const authorization = request.headers.get("authorization");
      if (authorization === null || (token !== undefined && authorization !== `Bearer ${token}`))
        return refusal(401, 190, "Error validating access token");
      const { to, text } = await readMessage(request);
      if (to === undefined || text === undefined) return refusal(400, 100, "(#100) Invalid parameter");
      const id = `wamid.${randomUUID()}`;
      sent.push({ id, phoneNumberId, to, text });
      return Response.json({ messaging_product: "whatsapp", contacts: [{ input: to, wa_id: to }], messages: [{ id }] });
    },
  });
  const close = () => upstream.close();
  return { upstream, sent, close, [Symbol.asyncDispose]: close };
}

async function readMessage(request: Request): Promise<{ readonly to?: string; readonly text?: string }> {
  let body: { readonly [field: string]: unknown } | null;
  try {
    body = (await request.json()) as typeof body;
  } catch {
    return {};
  }
  const text = (body?.text as { readonly body?: unknown } | undefined)?.body;
  if (body?.messaging_product !== "whatsapp" || body.type !== "text") return {};
  if (typeof body.to !== "string" || typeof text !== "string" || text === "" || text.length > 4096) return {};
  return { to: body.to, text };
}

/** https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes */
function problem(code: number, message: string): object {
  return { error: { message, type: "OAuthException", code, fbtrace_id: "A-stand-in" } };
}

function refusal(status: number, code: number, message: string): Response {
  return Response.json(problem(code, message), { status });
}
