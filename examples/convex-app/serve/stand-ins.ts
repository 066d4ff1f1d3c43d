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
} from "keelson/testing";

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
    WHATSAPP_APP_SECRET: secret(),
    WHATSAPP_VERIFY_TOKEN: secret(),
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
