import { KeelsonError, type LoadCall } from "keelson";
import { z } from "zod";
import type { ShopKit } from "./kit.js";
import { upstreams } from "./objectives.js";
import { type ForRequest, jsonOf } from "./open-router.js";

/** Something that was found. */
export type Hit = z.infer<typeof hit>;

/** Finds pages or products. */
export type Find = (q: string, request: ForRequest) => Promise<readonly Hit[]>;

const hit = z.object({ title: z.string(), link: z.string(), price: z.string().optional() });
const hits = z.array(hit);

/**
 * Web and product search by Serper, behind caches: many ask the same, and old results are better than none while the
 * search is down.
 */
export function search(kit: ShopKit): { readonly pages: Find; readonly products: Find } {
  const { SERPER_URL, SERPER_API_KEY } = kit.knobs;
  const upstream = kit.upstream("serper", {
    slo: upstreams.serper,
    timeout: (k) => k.SERPER_TIMEOUT_MS,
    attemptTimeout: (k) => k.SERPER_ATTEMPT_TIMEOUT_MS,
    retry: { attempts: 3, backoff: "100ms", maxBackoff: "2s" },
    breaker: {
      window: "30s",
      failureRate: 0.5,
      minimumCalls: (k) => k.BREAKER_MINIMUM_CALLS,
      openFor: (k) => k.BREAKER_OPEN_MS,
    },
    bulkhead: { maxConcurrent: (k) => k.BULKHEAD_SERPER_MAX, maxQueue: 64, queueTimeout: "2s" },
    http: { bodyTimeout: kit.knobs.SERPER_ATTEMPT_TIMEOUT_MS },
  });
  const pages = kit.cache<readonly Hit[]>("search_web", {
    ttl: (k) => k.TOOL_CACHE_WEB_SEARCH_TTL_MS,
    version: (k) => k.TOOL_CACHE_WEB_SEARCH_NAMESPACE_VERSION,
    grace: "1h",
    maxEntries: 5000,
    value: hits,
  });
  const products = kit.cache<readonly Hit[]>("search_products", {
    ttl: (k) => k.TOOL_CACHE_PRODUCT_SEARCH_TTL_MS,
    version: (k) => k.TOOL_CACHE_PRODUCTS_NS_VER,
    grace: "1h",
    maxEntries: 5000,
    value: hits,
  });

  async function ask(what: "search" | "shopping", q: string, { signal, context }: LoadCall): Promise<Hit[]> {
    const response = await upstream.fetch(
      `${SERPER_URL}/${what}`,
      {
        method: "POST",
        headers: { "x-api-key": SERPER_API_KEY, "content-type": "application/json" },
        body: JSON.stringify({ q, num: 5 }),
        signal,
      },
      { ...(context !== undefined && { context }), idempotent: true },
    );
    if (!response.ok) throw new KeelsonError("upstream_bad_status", `Serper answered ${response.status}`);
    const found = (await jsonOf(response)) as Record<string, unknown> | null;
    // The cache checks it: what is no list of hits is a failed load, and not kept.
    return found?.[what === "search" ? "organic" : "shopping"] as Hit[];
  }

  return {
    // The load has a signal of its own: it serves everyone who asks the same, and goes on while anyone is left.
    pages: (q, request) => pages.read({ q }, (load) => ask("search", q, load), request),
    products: (q, request) => products.read({ q }, (load) => ask("shopping", q, load), request),
  };
}
