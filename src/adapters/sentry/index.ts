export type { Sink, SinkErrorListener, SinkHost, SinkStats } from "../../sinks/sink.js";
export type { SentryClient } from "./client.js";
export { type Dsn, parseDsn } from "./dsn.js";
export { type SendOptions, sendSentryEvent, sentryEnvelope } from "./envelope.js";
export type { SentryBreadcrumb, SentryEvent } from "./event.js";
export { type SentryEvents, sentryEvents } from "./events.js";
export type { SentryAlertOptions } from "./options.js";
export { type SentryOptions, sentry } from "./sentry.js";
