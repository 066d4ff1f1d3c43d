import { randomBytes } from "node:crypto";
import { type FaultyUpstream, openRouterStandIn, serperStandIn } from "keelson/testing";
import { type GoogleStandIn, googleStandIn } from "./google.js";
import { whatsAppStandIn } from "./whatsapp.js";

/** Everything the service calls, on this machine, failing on demand. */
export interface StandIns {
  readonly openRouter: FaultyUpstream;
  readonly serper: FaultyUpstream;
  readonly whatsApp: FaultyUpstream;
  readonly google: GoogleStandIn;
  /** For the service: where they are, and secrets that it shares with them. */
  readonly env: StandInEnvironment;
  close(): Promise<void>;
}

/** The variables that have to be set for the service to call stand-ins. */
export type StandInEnvironment = Readonly<
  Record<keyof ReturnType<typeof secrets> | keyof ReturnType<typeof urls>, string>
>;

/** @param admin whether faults can be switched over HTTP, too */
export async function startStandIns({ admin = false } = {}): Promise<StandIns> {
  const shared = secrets();
  const [openRouter, serper, whatsApp, google] = await Promise.all([
    openRouterStandIn({ admin, apiKey: shared.OPENROUTER_API_KEY }),
    serperStandIn({ admin, apiKey: shared.SERPER_API_KEY }),
    whatsAppStandIn({ admin }),
    googleStandIn({ admin }),
  ]);
  return {
    openRouter,
    serper,
    whatsApp,
    google,
    env: { ...shared, ...urls(openRouter.url, serper.url, whatsApp.url, google.upstream.url) },
    close: async () => {
      await Promise.all([openRouter, serper, whatsApp, google.upstream].map((upstream) => upstream.close()));
    },
  };
}

function secrets() {
  const secret = () => randomBytes(24).toString("base64url");
  return {
    SESSION_SECRET: secret(),
    OPERATOR_TOKEN: secret(),
    OPENROUTER_API_KEY: secret(),
    SERPER_API_KEY: secret(),
    WHATSAPP_TOKEN: secret(),
    WHATSAPP_APP_SECRET: secret(),
    WHATSAPP_VERIFY_TOKEN: secret(),
    GMAIL_TOKEN: secret(),
    PUBSUB_AUDIENCE: "https://shop.example/api/gmail/push",
    PUBSUB_SERVICE_ACCOUNT: "push@shop.iam.gserviceaccount.com",
  };
}

function urls(openRouter: string, serper: string, whatsApp: string, google: string) {
  return {
    OPENROUTER_URL: openRouter,
    SERPER_URL: serper,
    WHATSAPP_URL: whatsApp,
    GMAIL_URL: google,
    PUBSUB_JWKS_URL: `${google}/oauth2/v3/certs`,
  };
}
