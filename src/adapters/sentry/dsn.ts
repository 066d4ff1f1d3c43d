/** A parsed DSN: `https://{key}@{host}/{project}`. */
export interface Dsn {
  /** Where envelopes go. */
  readonly url: string;
  /** Goes with each of them. It is not secret: it can only write. */
  readonly key: string;
}

/** Reads a DSN; `undefined` where it is none. */
export function parseDsn(dsn: string): Dsn | undefined {
  if (!URL.canParse(dsn)) return undefined;
  const { protocol, username, host, pathname } = new URL(dsn);
  const at = pathname.lastIndexOf("/");
  const project = pathname.slice(at + 1);
  if (!/^https?:$/.test(protocol) || username === "" || !/^\d+$/.test(project)) return undefined;
  return { url: `${protocol}//${host}${pathname.slice(0, at)}/api/${project}/envelope/`, key: username };
}
