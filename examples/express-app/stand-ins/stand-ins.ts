import { randomBytes } from "node:crypto";
import {
  type FaultyUpstream,
  openRouterStandIn,
  type PubSubStandIn,
  pubSubStandIn,
  serperStandIn,
} from "keelson/testing";
import { gmailStandIn } from "./gmail.js";
import { whatsAppStandIn } from "./whatsapp.js";

/** Everything the service calls, on this machine, failing on demand. */
export interface StandIns {
  readonly openRouter: FaultyUpstream;
  readonly serper: FaultyUpstream;
  readonly whatsApp: FaultyUpstream;
  readonly gmail: FaultyUpstream;
  readonly pubSub: PubSubStandIn;
  /** All that can fail. */
  readonly upstreams: readonly FaultyUpstream[];
  /** For the service: where they are, and secrets that it shares with them. */
  readonly env: StandInEnvironment;
  close(): Promise<void>;
}

/** The variables that have to be set for the service to call stand-ins. */
export type StandInEnvironment = Readonly<
  Record<keyof ReturnType<typeof secrets> | keyof ReturnType<typeof urls>, string>
>;

/** Options of {@link startStandIns}. */
export interface StandInOptions {
  /** Whether faults can be switched over HTTP, too. Default false. */
  readonly admin?: boolean;
  /** Secrets that somebody else has to know, too. Default: new ones. */
  readonly secrets?: Partial<ReturnType<typeof secrets>>;
}

/** Starts everything that the service calls, on this machine. */
export async function startStandIns({ admin = false, secrets: given = {} }: StandInOptions = {}): Promise<StandIns> {
  const shared = { ...secrets(), ...given };
  const [openRouter, serper, whatsApp, gmail, pubSub] = await Promise.all([
    openRouterStandIn({ admin, apiKey: shared.OPENROUTER_API_KEY }),
    serperStandIn({ admin, apiKey: shared.SERPER_API_KEY }),
    whatsAppStandIn({ admin }),
    gmailStandIn({ admin }),
    pubSubStandIn({ admin, audience: shared.PUBSUB_AUDIENCE, serviceAccount: shared.PUBSUB_SERVICE_ACCOUNT }),
  ]);
  const upstreams = [openRouter, serper, whatsApp, gmail, pubSub.upstream];
  return {
    openRouter,
    serper,
    whatsApp,
    gmail,
    pubSub,
    upstreams,
    env: { ...shared, ...urls(openRouter.url, serper.url, whatsApp.url, gmail.url, pubSub.jwksUrl) },
    close: async () => {
      await Promise.all(upstreams.map((upstream) => upstream.close()));
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

function urls(openRouter: string, serper: string, whatsApp: string, gmail: string, keys: string) {
  return {
    OPENROUTER_URL: openRouter,
    SERPER_URL: serper,
    WHATSAPP_URL: whatsApp,
    GMAIL_URL: gmail,
    PUBSUB_JWKS_URL: keys,
  };
}
