import { randomBytes } from "node:crypto";
import {
  type ChatCompletionRequest,
  type ChatReply,
  type FaultyUpstream,
  type GoogleStandIn,
  googleStandIn,
  openRouterStandIn,
  type PubSubStandIn,
  pubSubStandIn,
  type SentryStandIn,
  sentryStandIn,
  serperStandIn,
  type WhatsAppCloudStandIn,
  whatsAppCloudStandIn,
  whatsAppWebhook,
} from "keelson/testing";

/** Of the range that is kept for films. */
const DEMO_NUMBER = "15555550100";

import { local } from "./local.js";

/** Everything that the app calls, on this machine, failing on demand. */
export interface StandIns {
  readonly openRouter: FaultyUpstream;
  readonly serper: FaultyUpstream;
  readonly google: GoogleStandIn;
  readonly whatsApp: WhatsAppCloudStandIn;
  readonly pubSub: PubSubStandIn;
  readonly sentry: SentryStandIn;
  /** For the app: where they are, and secrets that it shares with them. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/**
 * @param url where the app will be
 * @param admin whether faults can be switched over HTTP, too
 */
export async function startStandIns(url: string, { admin = false } = {}): Promise<StandIns> {
  const secret = () => randomBytes(24).toString("base64url");
  const shared = {
    OPENROUTER_API_KEY: secret(),
    SERPER_API_KEY: secret(),
    GOOGLE_CLIENT_ID: "shop.apps.googleusercontent.com",
    GOOGLE_CLIENT_SECRET: secret(),
    OAUTH_STATE_SECRET: secret(),
    WHATSAPP_TOKEN: secret(),
    // Probes and drills have to know them, too; an environment that has others is believed.
    WHATSAPP_APP_SECRET: process.env.WHATSAPP_APP_SECRET ?? local.WHATSAPP_APP_SECRET,
    WHATSAPP_VERIFY_TOKEN: process.env.WHATSAPP_VERIFY_TOKEN ?? local.WHATSAPP_VERIFY_TOKEN,
    PUBSUB_AUDIENCE: `${url}/api/gmail/push`,
    PUBSUB_SERVICE_ACCOUNT: "push@shop.iam.gserviceaccount.com",
  };
  const [openRouter, serper, google, whatsApp, pubSub, sentry] = await Promise.all([
    openRouterStandIn({ admin, apiKey: shared.OPENROUTER_API_KEY, reply: likeAModel }),
    serperStandIn({ admin, apiKey: shared.SERPER_API_KEY }),
    googleStandIn({
      admin,
      clientId: shared.GOOGLE_CLIENT_ID,
      clientSecret: shared.GOOGLE_CLIENT_SECRET,
      messages: [
        { subject: "Your order has shipped", text: "The parcel 1Z999AA10123456784 is on its way to you." },
        { subject: "Lunch on Friday?", text: "The usual place?" },
      ],
    }),
    whatsAppCloudStandIn({ admin, token: shared.WHATSAPP_TOKEN }),
    pubSubStandIn({ admin, audience: shared.PUBSUB_AUDIENCE, serviceAccount: shared.PUBSUB_SERVICE_ACCOUNT }),
    sentryStandIn({ admin }),
  ]);
  return {
    openRouter,
    serper,
    google,
    whatsApp,
    pubSub,
    sentry,
    env: {
      ...shared,
      OPENROUTER_URL: openRouter.url,
      SERPER_URL: serper.url,
      GOOGLE_OAUTH_URL: google.upstream.url,
      GOOGLE_AUTH_URL: google.upstream.url,
      GMAIL_URL: google.upstream.url,
      GMAIL_REDIRECT_URL: `${url}/api/gmail/auth/callback`,
      WHATSAPP_URL: whatsApp.upstream.url,
      PUBSUB_JWKS_URL: pubSub.jwksUrl,
      SENTRY_DSN: sentry.dsn,
      CHAT_ORIGINS: `https://shop.example,${url}`,
      OPERATOR_SUBJECTS: "olga",
    },
    close: async () => {
      await Promise.all([openRouter, serper, google, whatsApp, pubSub, sentry].map((one) => one.close()));
    },
  };
}

/** A phone that is not there: what it sends comes as WhatsApp's webhook, and what the app answers it is told. */
export function demoPhone({ whatsApp, env }: StandIns, url: string): { send(text: string): Promise<string[]> } {
  return {
    send: async (text) => {
      const before = whatsApp.sent.length;
      const secret = env.WHATSAPP_APP_SECRET ?? "";
      const webhook = whatsAppWebhook({ secret, messages: [{ from: DEMO_NUMBER, text }] });
      const answer = await fetch(`${url}/api/whatsapp/webhook`, { method: "POST", ...webhook });
      if (!answer.ok) throw new Error(`the webhook answered ${answer.status}`);
      return whatsApp.sent.slice(before).flatMap(({ to, text: heard }) => (to === DEMO_NUMBER ? [heard] : []));
    },
  };
}

/** Asks for the search that the words call for, then names what was found. */
function likeAModel({ messages, tools }: ChatCompletionRequest): ChatReply {
  const words = messages.findLast(({ role }) => role === "user")?.content ?? "";
  const last = messages.at(-1);
  if (last?.role !== "tool") {
    if (tools === undefined) return { text: `You said: ${words}` };
    const call = /everything|both/i.test(words)
      ? "search_global"
      : /buy|price/i.test(words)
        ? "search_products"
        : "search_web";
    return { call, arguments: { q: words } };
  }
  const titles = [...(last.content ?? "").matchAll(/"title":"([^"]+)"/g)].map(([, title]) => title);
  return titles.length === 0
    ? { text: `I can't search right now, so I can't recommend anything for "${words}".` }
    : { text: `For "${words}" I would start with ${titles.slice(0, 3).join("; ")}.` };
}
