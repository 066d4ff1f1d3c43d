import type { DatabaseReader, DatabaseWriter } from "../_generated/server";
import { kit } from "../keel";
import { type CachedTool, namespaces, toolCacheKey } from "./toolCacheKeys";

/** Rows that are counted at most. */
const MOST = 2_000;
/** So much of a value is shown to operators. */
const SHOWN = 200;

const TTL = {
  search_web: () => kit.knobs.TOOL_CACHE_WEB_SEARCH_TTL_MS,
  search_products: () => kit.knobs.TOOL_CACHE_PRODUCT_SEARCH_TTL_MS,
} as const;

/** Notes a value that was put into the cache. */
export async function noted(db: DatabaseWriter, tool: CachedTool, q: string, value: string): Promise<void> {
  const namespace = namespaces[tool].name;
  const key = toolCacheKey(q).q;
  const fields = { value: value.slice(0, SHOWN), bytes: value.length, expiresAt: Date.now() + TTL[tool]() };
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
  readonly version: string;
  readonly entries: number;
  readonly fresh: number;
  readonly bytes: number;
  /** Whether there are more than were counted. */
  readonly truncated: boolean;
}

/** Every namespace's numbers. */
export async function namespaceStats(db: DatabaseReader): Promise<NamespaceStats[]> {
  const now = Date.now();
  const told: NamespaceStats[] = [];
  for (const { name, version } of Object.values(namespaces)) {
    const rows = await db
      .query("toolResultCache")
      .withIndex("by_key", (q) => q.eq("namespace", name))
      .take(MOST);
    told.push({
      namespace: name,
      version: String(kit.knobs[version]),
      entries: rows.length,
      fresh: rows.filter(({ expiresAt }) => expiresAt > now).length,
      bytes: rows.reduce((sum, { bytes }) => sum + bytes, 0),
      truncated: rows.length === MOST,
    });
  }
  return told;
}
