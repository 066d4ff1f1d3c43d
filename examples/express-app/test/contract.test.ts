import { contractTests } from "keelson/testing";
import { afterAll, describe, expect, it } from "vitest";
import { createService } from "../service/service.js";
import { sessionToken } from "../service/sessions.js";
import { startStandIns } from "../stand-ins/stand-ins.js";
import { metaSignatureOf } from "../stand-ins/whatsapp.js";

const standIns = await startStandIns();
const { env, google } = standIns;
const { kit } = createService(env);

afterAll(async () => {
  await kit.close();
  await standIns.close();
});

const operator = { authorization: `Bearer ${env.OPERATOR_TOKEN}` };
contractTests(
  kit,
  {
    credentials: {
      chat: { authorization: `Bearer ${await sessionToken(env.SESSION_SECRET, "ada")}` },
      whatsapp: (body) => ({ "x-hub-signature-256": metaSignatureOf(env.WHATSAPP_APP_SECRET, body) }),
      gmail: {
        authorization: `Bearer ${await google.pushToken({
          audience: env.PUBSUB_AUDIENCE,
          email: env.PUBSUB_SERVICE_ACCOUNT,
        })}`,
      },
      snapshot: operator,
      events: operator,
      surface: operator,
    },
  },
  { describe, it, expect },
);
