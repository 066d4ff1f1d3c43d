import { contractTests, signedByMeta } from "keelson/testing";
import { afterAll, describe, expect, it } from "vitest";
import { createService } from "../service/service.js";
import { sessionToken } from "../service/session-token.js";
import { startStandIns } from "../stand-ins/stand-ins.js";

const standIns = await startStandIns();
const { env, pubSub } = standIns;
const { kit } = createService(env);

afterAll(async () => {
  await kit.close();
  await standIns.close();
});

const operator = { authorization: `Bearer ${env.OPERATOR_TOKEN}` };
const session = { authorization: `Bearer ${await sessionToken(env.SESSION_SECRET, "ada")}` };
contractTests(
  kit,
  {
    credentials: {
      chat: session,
      whatsapp: (body) => signedByMeta(body, env.WHATSAPP_APP_SECRET),
      gmail: { authorization: `Bearer ${pubSub.token()}` },
      digests: session,
      digest: session,
      snapshot: operator,
      events: operator,
      surface: operator,
      "operator-snapshot": operator,
      "operator-stream": operator,
      "operator-levers": operator,
      "operator-pull": operator,
      "operator-release": operator,
    },
  },
  { describe, it, expect },
);
