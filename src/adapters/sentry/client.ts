import type { SentryBreadcrumb, SentryEvent } from "./event.js";

/** What is used of Sentry's SDK: `import * as Sentry from "@sentry/node"` fits, and so do those for other runtimes. */
export interface SentryClient {
  captureEvent(event: object): unknown;
  captureException(error: unknown, context: object): unknown;
  withIsolationScope(callback: (scope: { clear(): unknown }) => void): void;
  getGlobalScope(): { addBreadcrumb(breadcrumb: object): unknown };
  flush(timeoutMs?: number): PromiseLike<unknown>;
}

/** Captures an event on its own: outside of the request that happens to be going on, whose scope would go with it. */
export function capture(client: SentryClient, event: SentryEvent, error: Error | undefined): void {
  client.withIsolationScope((scope) => {
    scope.clear();
    const { level, fingerprint, tags, extra, contexts } = event;
    // What was held back is told in the message, which an exception has none of.
    if (error === undefined || extra.suppressed !== undefined) client.captureEvent(withoutException(event));
    else client.captureException(error, { level, fingerprint, tags, extra, ...(contexts && { contexts }) });
  });
}

/** Adds a breadcrumb to whatever the process captures from now on. */
export function leave(client: SentryClient, breadcrumb: SentryBreadcrumb): void {
  client.getGlobalScope().addBreadcrumb(breadcrumb);
}

function withoutException({ exception: _, ...event }: SentryEvent): object {
  return event;
}
