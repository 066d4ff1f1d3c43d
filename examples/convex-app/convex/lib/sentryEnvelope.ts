import type { Alert } from "./alertQueue";

/** A parsed DSN: `https://{key}@{host}/{project}`. */
export interface Dsn {
  readonly url: string;
  readonly key: string;
}

/** @returns `undefined` where it is none */
export function parseDsn(dsn: string): Dsn | undefined {
  if (!URL.canParse(dsn)) return undefined;
  const { protocol, username, host, pathname } = new URL(dsn);
  const at = pathname.lastIndexOf("/");
  const project = pathname.slice(at + 1);
  if (username === "" || !/^\d+$/.test(project)) return undefined;
  return { url: `${protocol}//${host}${pathname.slice(0, at)}/api/${project}/envelope/`, key: username };
}

/** An event as an envelope: https://develop.sentry.dev/sdk/data-model/envelopes/ */
export function sentryEnvelope(alert: Alert, dsn: string, at: number, id: string): string {
  const event = {
    event_id: id,
    timestamp: at / 1000,
    platform: "javascript",
    level: alert.level,
    logger: "keelson",
    message: { formatted: alert.message },
    fingerprint: [alert.key],
    tags: alert.tags,
  };
  const payload = JSON.stringify(event);
  const header = JSON.stringify({ event_id: id, sent_at: new Date(at).toISOString(), dsn });
  const item = JSON.stringify({ type: "event", length: new TextEncoder().encode(payload).length });
  return `${header}\n${item}\n${payload}\n`;
}
