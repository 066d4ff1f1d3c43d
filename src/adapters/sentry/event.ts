import type { Notice, NoticeFields, NoticeLevel } from "../../sinks/notices.js";

/** What happened before. */
export interface SentryBreadcrumb {
  /** Seconds since 1970. */
  readonly timestamp: number;
  readonly category: string;
  readonly level: NoticeLevel;
  readonly message: string;
  readonly data: NoticeFields;
}

/** An event as Sentry takes it, plain JSON: https://develop.sentry.dev/sdk/data-model/event-payloads/ */
export interface SentryEvent {
  /** 32 hexadecimal digits. Left out: it gets one when it is sent. */
  readonly event_id?: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
  readonly platform: "javascript";
  readonly level: NoticeLevel;
  readonly logger: "keelson";
  readonly message: string;
  /** Groups events: service, kind and name, never the message. */
  readonly fingerprint: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly extra: Readonly<Record<string, string | number | boolean | null>>;
  readonly breadcrumbs: readonly SentryBreadcrumb[];
  readonly contexts?: { readonly trace: { readonly trace_id: string; readonly span_id: string } };
  readonly exception?: { readonly values: readonly { readonly type: string; readonly value: string }[] };
  readonly environment?: string;
  readonly release?: string;
}

/** What all events of a sink have in common. */
export interface EventFrame {
  readonly service: string;
  readonly environment?: string | undefined;
  readonly release?: string | undefined;
}

/** The event of a notice. */
export function eventOf(
  notice: Notice,
  suppressed: number,
  breadcrumbs: readonly SentryBreadcrumb[],
  { service, environment, release }: EventFrame,
): SentryEvent {
  const { kind, name, level, message, fields, traceId } = notice;
  const error = thrownOf(notice);
  return {
    timestamp: notice.at / 1000,
    platform: "javascript",
    level,
    logger: "keelson",
    // (Sentry's clients drop what reads like the event before.)
    message: suppressed > 0 ? `${message} (and ${suppressed} more like it)` : message,
    fingerprint: ["keelson", service, kind, name],
    tags: { service, kind, name },
    extra: {
      ...plain(fields),
      ...(suppressed > 0 && { suppressed }),
      ...(notice.error !== undefined && { error: String(notice.error) }),
      ...(error?.stack !== undefined && { stack: error.stack }),
    },
    breadcrumbs,
    // A span is asked for with a trace. What it was is not known here: the trace's own second half stands for it.
    ...(traceId !== undefined && { contexts: { trace: { trace_id: traceId, span_id: traceId.slice(16) } } }),
    ...(error !== undefined && { exception: { values: [{ type: error.name, value: error.message }] } }),
    ...(environment !== undefined && { environment }),
    ...(release !== undefined && { release }),
  };
}

/** The breadcrumb of a notice. */
export function breadcrumbOf({ kind, level, message, fields, at }: Notice): SentryBreadcrumb {
  return { timestamp: at / 1000, category: `keelson.${kind}`, level, message, data: plain(fields) };
}

/** The error that somebody should look at, and not the one that it was wrapped in for the client. */
export function thrownOf({ thrown, error }: Notice): Error | undefined {
  if (!thrown || !(error instanceof Error)) return undefined;
  return error.cause instanceof Error ? error.cause : error;
}

function plain(fields: NoticeFields): Record<string, string | number | boolean | null> {
  const known = Object.entries(fields).filter((entry): entry is [string, string | number | boolean | null] => {
    return entry[1] !== undefined;
  });
  return Object.fromEntries(known);
}
