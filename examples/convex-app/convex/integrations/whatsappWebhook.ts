import {
  anonymous,
  type ItemOutcome,
  KeelsonError,
  metaSignature,
  metaVerification,
  reply,
  type WebhookVerifier,
  whatsAppItems,
} from "keelson";
import { internal } from "../_generated/api";
import { kit, waItems, webhooks } from "../keel";
import { whatsAppItem } from "../lib/functionBoundaries";
import { called } from "../lib/functionErrors";
import { hubChallenge, whatsAppPayload } from "../lib/httpContracts";
import { needed } from "../lib/needed";
import { routes } from "../lib/objectives";

const { WHATSAPP_APP_SECRET, WHATSAPP_VERIFY_TOKEN } = kit.knobs;

/** Nobody is let in while there is no secret to check a signature with. */
const unset: WebhookVerifier = {
  name: "meta",
  verify: () => Promise.reject(new KeelsonError("unavailable", "WHATSAPP_APP_SECRET is not set")),
};

const common = {
  path: "/api/whatsapp/webhook",
  limits: [{ limiter: webhooks, by: "client" }],
} as const;

/** `GET /api/whatsapp/webhook`: Meta asks whether this is the right place. */
export const whatsAppVerification = kit.endpoint({
  ...common,
  name: "whatsapp-verification",
  method: "GET",
  query: hubChallenge,
  auth: anonymous("Meta shows the verify token, which the handler checks"),
  handler: async ({ query }) => {
    needed("WHATSAPP_VERIFY_TOKEN");
    const challenge = await metaVerification({ verifyToken: WHATSAPP_VERIFY_TOKEN })(query);
    return reply(200, challenge, { "content-type": "text/plain" });
  },
});

/** `POST /api/whatsapp/webhook`: Meta delivers messages and statuses, some of them twice. */
export const whatsAppWebhook = kit.endpoint({
  ...common,
  name: "whatsapp",
  method: "POST",
  slo: routes.whatsApp,
  body: whatsAppPayload,
  maxBytes: "256kb",
  bodyTimeout: kit.knobs.HTTP_BODY_TIMEOUT_MS,
  auth: anonymous("Meta signs the body"),
  signature: WHATSAPP_APP_SECRET === "" ? unset : metaSignature({ secrets: [WHATSAPP_APP_SECRET] }),
  replay: waItems,
  handler: async ({ body, ctx, use }) => {
    const outcomes = await use(waItems).each(
      "whatsapp",
      whatsAppItems(body),
      (item) => item.id,
      async (item) => {
        if (item.kind === "status" || item.phoneNumberId === undefined) return;
        const { text, from } = item.message as { readonly text?: { readonly body?: unknown }; readonly from: string };
        const message = whatsAppItem.safeParse({
          phoneNumberId: item.phoneNumberId,
          from,
          text: typeof text?.body === "string" ? text.body : "",
        });
        // What can't be answered is no better when it comes again.
        if (message.success) await called(ctx.runAction(internal.integrations.whatsapp.processWebhook, message.data));
      },
    );
    const of = (wanted: ItemOutcome["outcome"]) => outcomes.filter(({ outcome }) => outcome === wanted).length;
    const left = of("failed") + of("in_flight");
    // Meta then delivers the whole request again, and what was handled is known by its id.
    if (left > 0)
      throw new KeelsonError("unavailable", `${left} of ${outcomes.length} items are left`, { retryAfterMs: 5000 });
    return { handled: of("done"), known: of("duplicate") };
  },
});
