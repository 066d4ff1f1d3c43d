import {
  anonymous,
  type Endpoint,
  type ItemOutcome,
  KeelsonError,
  metaSignature,
  metaVerification,
  reply,
  type WhatsAppItem,
  whatsAppItems,
} from "keelson";
import { z } from "zod";
import type { Assistant } from "./assistant.js";
import { type ShopKit, trustProxy } from "./kit.js";
import { endpoints, upstreams } from "./objectives.js";
import type { ForRequest } from "./open-router.js";

/** Only the frame: what is in it is looked at item by item, so that one odd message doesn't hold up the others. */
const payload = z.looseObject({ object: z.literal("whatsapp_business_account"), entry: z.array(z.unknown()) });
const textMessage = z.looseObject({ text: z.object({ body: z.string().min(1).max(4096) }) });
const challenge = z.object({ "hub.mode": z.string(), "hub.verify_token": z.string(), "hub.challenge": z.string() });

/** `/api/whatsapp/webhook`: Meta checks it by GET, and delivers messages by POST, some of them twice. */
export function whatsAppEndpoints(kit: ShopKit, answer: Assistant): Endpoint[] {
  const { WHATSAPP_APP_SECRET, WHATSAPP_VERIFY_TOKEN } = kit.knobs;
  const requests = kit.limiter("whatsapp", { algorithm: "gcra", limit: (k) => k.RATE_LIMIT_WEBHOOK_MAX, per: "1m" });
  const messages = kit.replayGuard("whatsapp", { ttl: "7d", lease: "60s" });
  const send = sender(kit);
  const verify = metaVerification({ verifyToken: WHATSAPP_VERIFY_TOKEN });
  const common = {
    path: "/api/whatsapp/webhook",
    limits: [{ limiter: requests, by: "client" }],
    trustProxy: trustProxy(kit),
  } as const;

  async function handle(item: WhatsAppItem, request: ForRequest): Promise<void> {
    if (item.kind === "status" || item.phoneNumberId === undefined) return;
    const { data } = textMessage.safeParse(item.message);
    const text = data === undefined ? "I can only read text, so far." : (await answer(data.text.body, request)).text;
    await send(item.phoneNumberId, item.message.from, text, request);
  }

  return [
    kit.endpoint({
      ...common,
      name: "whatsapp-verification",
      method: "GET",
      query: challenge,
      auth: anonymous("Meta shows the verify token, which the handler checks"),
      handler: async ({ query }) => reply(200, await verify(query), { "content-type": "text/plain" }),
    }),
    kit.endpoint({
      ...common,
      name: "whatsapp",
      slo: endpoints.whatsapp,
      method: "POST",
      body: payload,
      maxBytes: "256kb",
      auth: anonymous("Meta signs the body"),
      signature: metaSignature({ secrets: [WHATSAPP_APP_SECRET] }),
      replay: messages,
      handler: async ({ body, signal, context }) => {
        const outcomes = await messages.each(
          "whatsapp",
          whatsAppItems(body),
          (item) => item.id,
          (item) => handle(item, { signal, context }),
        );
        const of = (wanted: ItemOutcome["outcome"]) => outcomes.filter(({ outcome }) => outcome === wanted).length;
        const left = of("failed") + of("in_flight");
        // Meta then delivers the whole request again, and what was handled is known by its id.
        if (left > 0)
          throw new KeelsonError("unavailable", `${left} of ${outcomes.length} items are left`, { retryAfterMs: 5000 });
        return { handled: of("done"), known: of("duplicate") };
      },
    }),
  ];
}

/** Sends messages. Never twice on its own account: a message that may have been sent is not sent again. */
function sender(kit: ShopKit) {
  const { WHATSAPP_URL, WHATSAPP_TOKEN } = kit.knobs;
  const upstream = kit.upstream("whatsapp", {
    slo: upstreams.whatsapp,
    timeout: "10s",
    attemptTimeout: "5s",
    retry: { attempts: 2, backoff: "500ms" },
    breaker: { minimumCalls: (k) => k.BREAKER_MINIMUM_CALLS, openFor: (k) => k.BREAKER_OPEN_MS },
    bulkhead: { maxConcurrent: 16, maxQueue: 64 },
  });
  return async (from: string, to: string, text: string, { signal, context }: ForRequest): Promise<void> => {
    const response = await upstream.fetch(
      `${WHATSAPP_URL}/v23.0/${encodeURIComponent(from)}/messages`,
      {
        method: "POST",
        headers: { authorization: `Bearer ${WHATSAPP_TOKEN}`, "content-type": "application/json" },
        body: JSON.stringify({ messaging_product: "whatsapp", to, type: "text", text: { body: text.slice(0, 4096) } }),
        signal,
      },
      { context },
    );
    await response.body?.cancel();
    if (!response.ok) throw new KeelsonError("upstream_bad_status", `WhatsApp answered ${response.status}`);
  };
}
