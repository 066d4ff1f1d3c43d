import { KeelsonError, pubSubMessage } from "keelson";
import { googlePubSubPush } from "keelson/oidc";
import { internal } from "../../_generated/api";
import { kit, pushes, webhooks } from "../../keel";
import { called } from "../../lib/functionErrors";
import { gmailNotice, pubSubEnvelope } from "../../lib/httpContracts";
import { needed } from "../../lib/needed";
import { routes } from "../../lib/objectives";

const { PUBSUB_AUDIENCE, PUBSUB_SERVICE_ACCOUNT, PUBSUB_JWKS_URL } = kit.knobs;
const pubSubPush =
  PUBSUB_AUDIENCE === "" || PUBSUB_SERVICE_ACCOUNT === ""
    ? () => {
        // Nobody is let in while it isn't known who may come.
        needed("PUBSUB_AUDIENCE");
        needed("PUBSUB_SERVICE_ACCOUNT");
        return null;
      }
    : googlePubSubPush({
        audience: PUBSUB_AUDIENCE,
        serviceAccounts: [PUBSUB_SERVICE_ACCOUNT],
        jwksUrl: PUBSUB_JWKS_URL,
      });

/** `POST /api/gmail/push`: Pub/Sub tells that a mailbox has changed, and tells it again if it isn't sure we heard. */
export const gmailPush = kit.endpoint({
  name: "gmail-push",
  method: "POST",
  path: "/api/gmail/push",
  slo: routes.gmailPush,
  body: pubSubEnvelope,
  maxBytes: "64kb",
  bodyTimeout: kit.knobs.HTTP_BODY_TIMEOUT_MS,
  auth: pubSubPush,
  limits: [{ limiter: webhooks, by: "client" }],
  replay: pushes,
  handler: async ({ body, ctx, use }): Promise<{ readonly outcome: string }> => {
    const { id, data } = pubSubMessage(body);
    const notice = gmailNotice.safeParse(data);
    // Delivered again it would be no better: say so once, and let it count as delivered.
    if (!notice.success) return { outcome: "not a notice of Gmail's" };
    const { outcome } = await use(pushes).once("gmail", id, async (): Promise<void> => {
      await called(ctx.runAction(internal.integrations.gmail.sync.incrementalSync, notice.data));
    });
    if (outcome === "in_flight") throw new KeelsonError("conflict", "Being handled", { retryAfterMs: 5000 });
    return { outcome };
  },
});
