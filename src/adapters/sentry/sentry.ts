import pTimeout from "p-timeout";
import { ConfigError, onlyKnown } from "../../core/config.js";
import { clockTimers } from "../../primitives/timeout/clock-timers.js";
import { Outbox } from "../../sinks/outbox.js";
import { errorReport, type Sink, type SinkErrorListener, type SinkHost } from "../../sinks/sink.js";
import { capture, leave, type SentryClient } from "./client.js";
import { type Collected, collect } from "./collect.js";
import { checkedDsn, newEventId, type SendOptions, send } from "./envelope.js";
import type { SentryBreadcrumb, SentryEvent } from "./event.js";
import { ALERT_OPTIONS, type SentryAlertOptions } from "./options.js";

/** Options of {@link sentry}: by way of Sentry's own SDK, or of fetch alone. */
export type SentryOptions = SentryAlertOptions & {
  /** Gets what goes wrong on the way. Default: the first goes to `console.error`. */
  readonly onError?: SinkErrorListener;
} & (
    | {
        /** Sentry's SDK, initialised: `import * as Sentry from "@sentry/node"`. */
        readonly client: SentryClient;
        readonly dsn?: undefined;
        readonly fetch?: undefined;
      }
    | {
        /** Where events go without an SDK: `https://{key}@{host}/{project}`. */
        readonly dsn: string;
        /** Default: the global one. */
        readonly fetch?: SendOptions["fetch"];
        readonly client?: undefined;
      }
  );

type Waiting =
  | { readonly event: SentryEvent; readonly error: Error | undefined }
  | { readonly breadcrumb: SentryBreadcrumb };

const WAITING = 200;
const EVERY_MS = 250;
const TIMEOUT_MS = 2_000;

/**
 * Sends alerts to Sentry: circuits that open, stores that fail, internal errors, dead jobs. Events are grouped by kind
 * and name. Of one kind and name one is sent in five minutes, and twenty of all in a minute; what is held back is
 * counted, and told with the next. What else happened before goes with them as breadcrumbs.
 *
 * @example
 * sentry(kit, { client: Sentry });
 * sentry(kit, { dsn: "https://key@o1.ingest.sentry.io/42" });
 *
 * @throws {ConfigError} on a wrong option
 */
export function sentry(kit: SinkHost, options: SentryOptions): Sink {
  onlyKnown(options, "sentry", [...ALERT_OPTIONS, "onError", "client", "dsn", "fetch"]);
  const report = errorReport("keelson/sentry", options.onError);
  const { client } = options;
  const outbox = new Outbox<Waiting>({
    clock: kit.clock,
    capacity: WAITING,
    batch: 1,
    everyMs: EVERY_MS,
    timeoutMs: TIMEOUT_MS,
    send: sender(options),
    report,
  });
  const to: Collected = {
    event: (event, error) => outbox.push({ event: { ...event, event_id: event.event_id ?? newEventId() }, error }),
    ...(client !== undefined && { breadcrumb: (breadcrumb) => outbox.push({ breadcrumb }) }),
  };
  const collector = collect(kit, options, { where: "sentry", timers: true, report, to });
  const flush = async () => {
    await outbox.flush();
    // What the SDK was given waits there once more.
    if (client === undefined) return;
    try {
      await pTimeout(Promise.resolve(client.flush(TIMEOUT_MS)), {
        milliseconds: TIMEOUT_MS,
        fallback: () => false,
        customTimers: clockTimers(kit.clock),
      });
    } catch (error) {
      report(error);
    }
  };
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= (async () => {
      detach();
      collector.close();
      await outbox.close();
      await flush();
    })();
    return closing;
  };
  const detach = kit.attach({ close });
  return {
    get stats() {
      const { sent, dropped, failed } = outbox;
      return { sent, dropped, failed, suppressed: collector.suppressed };
    },
    flush,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function sender(options: SentryOptions) {
  const { client, dsn } = options;
  if (client === undefined) {
    const checked = checkedDsn(dsn, "sentry.dsn");
    const { fetch } = options;
    return async ([waiting]: readonly Waiting[], signal: () => AbortSignal) => {
      if (waiting !== undefined && "event" in waiting)
        await send(waiting.event, checked, { dsn: String(dsn), fetch, signal: signal() });
    };
  }
  if (dsn !== undefined) throw new ConfigError("sentry.dsn", dsn, "either a client or a DSN");
  for (const name of ["captureEvent", "captureException", "withIsolationScope", "getGlobalScope", "flush"] as const) {
    if (typeof client[name] !== "function")
      throw new ConfigError(
        `sentry.client.${name}`,
        client[name],
        'a function: import * as Sentry from "@sentry/node"',
      );
  }
  return ([waiting]: readonly Waiting[]) => {
    if (waiting === undefined) return;
    if ("event" in waiting) capture(client, waiting.event, waiting.error);
    else leave(client, waiting.breadcrumb);
  };
}
