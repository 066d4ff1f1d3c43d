import { v } from "convex/values";
import { anonymous, unlimited } from "keelson";
import { alertsSent, internalGuarded, kit, sentry } from "./keel";
import { parseDsn, sentryEnvelope } from "./lib/sentryEnvelope";

const alert = v.object({
  key: v.string(),
  level: v.union(v.literal("warning"), v.literal("error")),
  message: v.string(),
  tags: v.record(v.string(), v.string()),
});

/** Sends alerts to Sentry, each kind once in five minutes. Without a DSN they are in the log alone. */
export const send = internalGuarded.action({
  name: "alerts.send",
  args: { alerts: v.array(alert) },
  auth: anonymous("only the app calls it"),
  limits: unlimited("limited by the kind of alert"),
  handler: async ({ use }, { alerts }) => {
    const dsn = parseDsn(kit.knobs.SENTRY_DSN);
    if (dsn === undefined) return { sent: 0 };
    let sent = 0;
    for (const one of alerts) {
      const { allowed } = await use(alertsSent).check(one.key);
      if (!allowed) continue;
      const id = crypto.randomUUID().replaceAll("-", "");
      const response = await use(sentry).fetch(
        dsn.url,
        {
          method: "POST",
          headers: {
            "content-type": "application/x-sentry-envelope",
            "x-sentry-auth": `Sentry sentry_version=7, sentry_key=${dsn.key}, sentry_client=keelson-example/1`,
          },
          body: sentryEnvelope(one, kit.knobs.SENTRY_DSN, Date.now(), id),
        },
        // The id makes a second one the same event.
        { idempotent: true },
      );
      await response.body?.cancel();
      if (response.ok) sent++;
    }
    return { sent };
  },
});
