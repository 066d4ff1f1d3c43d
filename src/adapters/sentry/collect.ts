import { Floodgate } from "../../sinks/floodgate.js";
import { feedNotices } from "../../sinks/notice-feed.js";
import { type Notice, noticeOf } from "../../sinks/notices.js";
import { Listening, type SinkErrorListener, type SinkHost } from "../../sinks/sink.js";
import { breadcrumbOf, eventOf, type SentryBreadcrumb, type SentryEvent, thrownOf } from "./event.js";
import { alertOptions, type SentryAlertOptions } from "./options.js";

/** Where events and breadcrumbs go. */
export interface Collected {
  readonly event: (event: SentryEvent, error: Error | undefined) => void;
  /** Left out: they are kept, and go with each event. */
  readonly breadcrumb?: (breadcrumb: SentryBreadcrumb) => void;
}

/** Makes Sentry's events of what a kit tells. */
export interface Collector {
  /** Events that were only counted. */
  readonly suppressed: number;
  /** Stops listening, and tells what was held back. */
  close(): void;
}

const MAX_KEYS = 200;
const BREADCRUMBS = 50;
/** Breadcrumbs of one kind and name within ten seconds: an incident must not push out how it began. */
const CRUMB_BURST = 3;
const CRUMB_EVERY_MS = 10_000;
const CRUMBS_PER_MINUTE = 120;

/** Collects alerts as events, each kind once in a while, and everything else as breadcrumbs. */
export function collect(
  kit: SinkHost,
  options: SentryAlertOptions,
  { where, timers, report, to }: { where: string; timers: boolean; report: SinkErrorListener; to: Collected },
): Collector {
  const { clock, events, service } = kit;
  const { everyMs, perMinute } = alertOptions(options, where);
  const { beforeSend = (event: SentryEvent) => event } = options;
  const kept: SentryBreadcrumb[] = [];
  const leave =
    to.breadcrumb ??
    ((breadcrumb: SentryBreadcrumb) => {
      kept.push(breadcrumb);
      if (kept.length > BREADCRUMBS) kept.shift();
    });
  const alerts = new Floodgate<Notice>({
    clock,
    burst: 1,
    everyMs,
    perMinute,
    maxKeys: MAX_KEYS,
    timers,
    pass: (notice, suppressed) => {
      try {
        const event = beforeSend(eventOf(notice, suppressed, [...kept], { ...options, service }));
        if (event !== null) to.event(event, thrownOf(notice));
      } catch (error) {
        // Also at the ring of an alarm, where nobody would catch it.
        report(error);
      }
    },
  });
  const crumbs = new Floodgate<Notice>({
    clock,
    burst: CRUMB_BURST,
    everyMs: CRUMB_EVERY_MS,
    perMinute: CRUMBS_PER_MINUTE,
    maxKeys: MAX_KEYS,
    timers: false,
    pass: (notice) => leave(breadcrumbOf(notice)),
  });
  const listening = new Listening(events, report);
  feedNotices(
    listening,
    (rule, event, key) => {
      const make = () => noticeOf(rule, event, clock.wall());
      if (rule.alert) alerts.offer(key, make);
      crumbs.offer(key, make);
    },
    true,
  );
  return {
    get suppressed() {
      return alerts.suppressed;
    },
    close() {
      listening.stop();
      alerts.close();
    },
  };
}
