import { z } from "zod";

/** What a search is asked for. */
export const toolQuery = z.object({ q: z.string().trim().min(1).max(200) });

/** Something that was found. Pages link to it, so it is a page of the web, and no script. */
const hit = z.object({
  title: z.string().max(300),
  link: z.url({ protocol: /^https?$/ }).max(2048),
  price: z.string().max(40).exactOptional(),
});
export type Hit = z.infer<typeof hit>;
/** Hits of one search at most. */
const MOST_HITS = 20;
export const hits = z.array(hit).max(MOST_HITS);

/** What of a search's answer can be used: long titles are cut, and what links to no page is left out. */
export function usableHits(found: readonly unknown[]): Hit[] {
  return found
    .flatMap((one) => {
      const { title, link, price } = (one ?? {}) as Record<string, unknown>;
      const priced = typeof price === "string" && { price: price.slice(0, 40) };
      const parsed = hit.safeParse({ title: typeof title === "string" ? title.slice(0, 300) : title, link, ...priced });
      return parsed.success ? [parsed.data] : [];
    })
    .slice(0, MOST_HITS);
}

/** What a search of both found; what could not be had is named. */
export const globalHits = z.object({ pages: hits, products: hits, missing: z.array(z.string()) });
export type GlobalHits = z.infer<typeof globalHits>;

/** The tools that the assistant may call. */
export type ToolName = "search_web" | "search_products" | "search_global";
