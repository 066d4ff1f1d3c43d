import { v } from "convex/values";
import { anonymous, unlimited } from "keelson";
import { parseDsn, sendSentryEvent } from "keelson/sentry";
import { alertsSent, internalGuarded, kit, sentry } from "./keel";
import { SERVICE } from "./lib/telemetry";

const alert = v.object({
  key: v.string(),
  level: v.union(v.literal("info"), v.literal("warning"), v.literal("error")),
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
    const dsn = kit.knobs.SENTRY_DSN;
    if (parseDsn(dsn) === undefined) return { sent: 0 };
    // A retry sends the same event again, under the same id.
    const fetch = (url: string, init: RequestInit) => use(sentry).fetch(url, init, { idempotent: true });
    let sent = 0;
    for (const { key, level, message, tags } of alerts) {
      const { allowed } = await use(alertsSent).check(key);
      if (!allowed) continue;
      const event = {
        timestamp: Date.now() / 1000,
        platform: "javascript",
        level,
        logger: "keelson",
        message,
        fingerprint: [key],
        tags: { service: SERVICE, ...tags },
        extra: {},
        breadcrumbs: [],
      } as const;
      try {
        await sendSentryEvent(event, { dsn, fetch });
      } catch (error) {
        // What the upstream said of it: that Sentry could not be reached says less.
        throw (error as Error).cause ?? error;
      }
      sent++;
    }
    return { sent };
  },
});
