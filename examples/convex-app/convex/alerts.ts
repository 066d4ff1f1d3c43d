import { v } from "convex/values";
import { anonymous, unlimited } from "keelson";
import { parseDsn, sendSentryEvent } from "keelson/sentry";
import { alertsSent, internalGuarded, kit, sentry } from "./keel";

/** An event as `sentryEvents` makes it. */
const event = v.object({
  timestamp: v.number(),
  platform: v.literal("javascript"),
  level: v.union(v.literal("info"), v.literal("warning"), v.literal("error")),
  logger: v.literal("keelson"),
  message: v.string(),
  fingerprint: v.array(v.string()),
  tags: v.record(v.string(), v.string()),
  extra: v.record(v.string(), v.union(v.string(), v.number(), v.boolean(), v.null())),
  breadcrumbs: v.array(v.any()),
  contexts: v.optional(v.any()),
  exception: v.optional(v.any()),
});

/** Sends alerts to Sentry, each kind once in five minutes. Without a DSN they are in the log alone. */
export const send = internalGuarded.action({
  name: "alerts.send",
  args: { events: v.array(event) },
  auth: anonymous("only the app calls it"),
  limits: unlimited("limited by the kind of alert"),
  handler: async ({ use }, { events }) => {
    const dsn = kit.knobs.SENTRY_DSN;
    if (parseDsn(dsn) === undefined) return { sent: 0 };
    // A retry sends the same event again, under the same id.
    const fetch = (url: string, init: RequestInit) => use(sentry).fetch(url, init, { idempotent: true });
    let sent = 0;
    for (const one of events) {
      const { allowed } = await use(alertsSent).check(one.fingerprint.join(":"));
      if (!allowed) continue;
      try {
        await sendSentryEvent(one, { dsn, fetch });
        sent++;
      } catch (error) {
        console.error("alerts.send:", error);
      }
    }
    return { sent };
  },
});
