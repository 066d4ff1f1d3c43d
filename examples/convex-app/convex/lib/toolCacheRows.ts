import type { DatabaseReader, DatabaseWriter } from "../_generated/server";
import { kit } from "../keel";
import { CACHED_TOOLS, type CachedTool, namespaceOf, toolCacheKey } from "./toolCacheKeys";

/** Rows of a namespace that are counted at most. */
const MOST = 2_000;
/** Namespaces that are told of at most. */
const MOST_NAMESPACES = 8;
/** So much of a value is shown to operators. */
const SHOWN = 200;

const TTL = {
  search_web: () => kit.knobs.TOOL_CACHE_WEB_SEARCH_TTL_MS,
  search_products: () => kit.knobs.TOOL_CACHE_PRODUCT_SEARCH_TTL_MS,
} as const;

/** Notes a value that was put into the cache. */
export async function noted(db: DatabaseWriter, tool: CachedTool, q: string, value: string): Promise<void> {
  const namespace = namespaceOf(tool);
  const key = toolCacheKey(q).q;
  const notedAt = Date.now();
  const fields = { value: value.slice(0, SHOWN), bytes: value.length, notedAt, expiresAt: notedAt + TTL[tool]() };
  const known = await db
    .query("toolResultCache")
    .withIndex("by_key", (at) => at.eq("namespace", namespace).eq("key", key))
    .unique();
  if (known === null) await db.insert("toolResultCache", { namespace, key, ...fields });
  else await db.patch(known._id, fields);
}

/** What operators see of one namespace. */
export interface NamespaceStats {
  readonly namespace: string;
  /** Whether the version in effect is its own: what lies in others is no longer read. */
  readonly current: boolean;
  readonly entries: number;
  readonly fresh: number;
  readonly bytes: number;
  /** Whether there are more than were counted. */
  readonly truncated: boolean;
}

/** Every namespace's numbers: first those in effect, then those that earlier versions have left behind. */
export async function namespaceStats(db: DatabaseReader): Promise<NamespaceStats[]> {
  const current = CACHED_TOOLS.map(namespaceOf);
  const old = (await namesThereAre(db)).filter((name) => !current.includes(name));
  const now = Date.now();
  const told: NamespaceStats[] = [];
  for (const namespace of [...current, ...old]) {
    const rows = await db
      .query("toolResultCache")
      .withIndex("by_key", (q) => q.eq("namespace", namespace))
      .take(MOST);
    told.push({
      namespace,
      current: current.includes(namespace),
      entries: rows.length,
      fresh: rows.filter(({ expiresAt }) => expiresAt > now).length,
      bytes: rows.reduce((sum, { bytes }) => sum + bytes, 0),
      truncated: rows.length === MOST,
    });
  }
  return told;
}

/** The namespaces that have rows, from one to the next by the index. */
async function namesThereAre(db: DatabaseReader): Promise<string[]> {
  const names: string[] = [];
  while (names.length < MOST_NAMESPACES) {
    const next = await db
      .query("toolResultCache")
      .withIndex("by_key", (q) => q.gt("namespace", names.at(-1) ?? ""))
      .first();
    if (next === null) break;
    names.push(next.namespace);
  }
  return names;
}
