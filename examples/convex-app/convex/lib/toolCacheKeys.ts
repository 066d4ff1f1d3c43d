import { kit, products, webPages } from "../keel";
import type { ToolName } from "./tools";

/** The caches that tools read through, by the knob that versions their namespace. */
export const caches = {
  search_web: { cache: webPages, version: "TOOL_CACHE_WEB_SEARCH_NAMESPACE_VERSION" },
  search_products: { cache: products, version: "TOOL_CACHE_PRODUCTS_NS_VER" },
} as const satisfies Partial<Record<ToolName, object>>;

/** A tool whose results are cached. */
export type CachedTool = keyof typeof caches;

/** The tools whose results are cached. */
export const CACHED_TOOLS = Object.keys(caches) as readonly CachedTool[];

/** The namespace that operators know a tool's results by, with the version in effect: `search_products_v1`. */
export function namespaceOf(tool: CachedTool): string {
  return `${tool}_${kit.knobs[caches[tool].version]}`;
}

/** The key of a query: how it is written doesn't matter. */
export function toolCacheKey(q: string): { readonly q: string } {
  return { q: q.normalize("NFKC").trim().toLowerCase().replace(/\s+/g, " ") };
}
