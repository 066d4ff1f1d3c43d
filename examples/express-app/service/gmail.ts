import { type Endpoint, KeelsonError, pubSubMessage } from "keelson";
import { googlePubSubPush } from "keelson/oidc";
import { z } from "zod";
import { type ShopKit, trustProxy } from "./kit.js";
import { endpoints, upstreams } from "./objectives.js";
import { type ForRequest, jsonOf } from "./open-router.js";

const envelope = z.looseObject({ message: z.looseObject({ messageId: z.string().min(1) }), subscription: z.string() });
const notice = z.object({ emailAddress: z.email(), historyId: z.coerce.string().regex(/^\d{1,20}$/) });
const history = z.looseObject({ historyId: z.string().regex(/^\d{1,20}$/) });

/** `POST /api/gmail/push`: Pub/Sub tells that a mailbox has changed, and tells it again if it isn't sure we heard. */
export function gmailEndpoint(kit: ShopKit): Endpoint {
  const { PUBSUB_AUDIENCE, PUBSUB_SERVICE_ACCOUNT, PUBSUB_JWKS_URL } = kit.knobs;
  const requests = kit.limiter("gmail", { algorithm: "gcra", limit: (k) => k.RATE_LIMIT_WEBHOOK_MAX, per: "1m" });
  const pushes = kit.replayGuard("gmail", { ttl: "7d", lease: "60s" });
  const sync = mailboxes(kit);
  return kit.endpoint({
    name: "gmail",
    slo: endpoints.gmail,
    method: "POST",
    path: "/api/gmail/push",
    body: envelope,
    maxBytes: "64kb",
    auth: googlePubSubPush({
      audience: PUBSUB_AUDIENCE,
      serviceAccounts: [PUBSUB_SERVICE_ACCOUNT],
      jwksUrl: PUBSUB_JWKS_URL,
    }),
    limits: [{ limiter: requests, by: "client" }],
    replay: pushes,
    trustProxy: trustProxy(kit),
    handler: async ({ body, signal, context }) => {
      const { id, data } = pubSubMessage(body);
      const changed = notice.safeParse(data);
      // Delivered again it would be no better: say so once, and let it count as delivered.
      if (!changed.success) return { outcome: "not a notice of Gmail's" };
      const { outcome } = await pushes.once("gmail", id, () => sync(changed.data, { signal, context }));
      if (outcome === "in_flight") throw new KeelsonError("conflict", "Being handled", { retryAfterMs: 5000 });
      return { outcome };
    },
  });
}

/** Reads what is new in a mailbox since it was last read. */
function mailboxes(kit: ShopKit) {
  const { GMAIL_URL, GMAIL_TOKEN } = kit.knobs;
  const upstream = kit.upstream("gmail", {
    slo: upstreams.gmail,
    timeout: "10s",
    attemptTimeout: "3s",
    retry: { attempts: 3, backoff: "200ms" },
    breaker: { minimumCalls: (k) => k.BREAKER_MINIMUM_CALLS, openFor: (k) => k.BREAKER_OPEN_MS },
    bulkhead: { maxConcurrent: 8, maxQueue: 64 },
  });
  const read = kit.cache<string>("gmail-read-until", { ttl: "7d", maxEntries: 10_000 });
  return async ({ emailAddress, historyId }: z.infer<typeof notice>, { signal, context }: ForRequest) => {
    const since = (await read.get(emailAddress)) ?? historyId;
    const response = await upstream.fetch(
      `${GMAIL_URL}/gmail/v1/users/${encodeURIComponent(emailAddress)}/history?startHistoryId=${since}`,
      { headers: { authorization: `Bearer ${GMAIL_TOKEN}` }, signal },
      { context },
    );
    if (!response.ok) throw new KeelsonError("upstream_bad_status", `Gmail answered ${response.status}`);
    const until = history.safeParse(await jsonOf(response));
    if (!until.success) throw new KeelsonError("upstream_failed", "Gmail's answer is not what it should be");
    await read.set(emailAddress, until.data.historyId);
  };
}
