import { onlyKnown } from "../../core/config.js";
import { errorReport, type SinkErrorListener, type SinkHost } from "../../sinks/sink.js";
import { collect } from "./collect.js";
import type { SentryEvent } from "./event.js";
import { ALERT_OPTIONS, type SentryAlertOptions } from "./options.js";

/** Events that wait until somebody takes them. */
export interface SentryEvents {
  /** Events that were thrown away, for nobody took them. */
  readonly dropped: number;
  /** Events that were only counted. */
  readonly suppressed: number;
  /** Everything that waits, as plain JSON; nothing waits then. */
  take(): SentryEvent[];
  /** Stops listening. */
  close(): void;
}

const WAITING = 100;

/**
 * Collects a kit's alerts as Sentry's events for whoever sends them: in Convex, where a mutation can't, and where no
 * timer runs. A hundred may wait.
 *
 * @example
 * const alerts = sentryEvents(kit);
 * await ctx.scheduler.runAfter(0, internal.alerts.send, { events: alerts.take() });
 *
 * @throws {ConfigError} on a wrong option
 */
export function sentryEvents(
  kit: SinkHost,
  options: SentryAlertOptions & { readonly onError?: SinkErrorListener } = {},
): SentryEvents {
  onlyKnown(options, "sentryEvents", [...ALERT_OPTIONS, "onError"]);
  let waiting: SentryEvent[] = [];
  let dropped = 0;
  const collector = collect(kit, options, {
    where: "sentryEvents",
    timers: false,
    report: errorReport("keelson/sentry", options.onError),
    to: {
      event: (event) => {
        if (waiting.length < WAITING) waiting.push(event);
        else dropped++;
      },
    },
  });
  return {
    get dropped() {
      return dropped;
    },
    get suppressed() {
      return collector.suppressed;
    },
    take: () => {
      const taken = waiting;
      waiting = [];
      return taken;
    },
    close: () => collector.close(),
  };
}
