import { products, webPages } from "../keel";
import type { ToolName } from "./tools";

/** The caches that tools read through, by the namespace that operators know them by. */
export const namespaces = {
  search_web: { cache: webPages, name: "search_web_v1", version: "TOOL_CACHE_WEB_SEARCH_NAMESPACE_VERSION" },
  search_products: { cache: products, name: "search_products_v1", version: "TOOL_CACHE_PRODUCTS_NS_VER" },
} as const satisfies Partial<Record<ToolName, object>>;

/** A tool whose results are cached. */
export type CachedTool = keyof typeof namespaces;

/** The key of a query: how it is written doesn't matter. */
export function toolCacheKey(q: string): { readonly q: string } {
  return { q: q.normalize("NFKC").trim().toLowerCase().replace(/\s+/g, " ") };
}
