import { z } from "zod";

/** What a search is asked for. */
export const toolQuery = z.object({ q: z.string().trim().min(1).max(200) });

/** Something that was found. */
const hit = z.object({ title: z.string(), link: z.string(), price: z.string().exactOptional() });
export type Hit = z.infer<typeof hit>;
export const hits = z.array(hit);

/** What a search of both found; what could not be had is named. */
export const globalHits = z.object({ pages: hits, products: hits, missing: z.array(z.string()) });
export type GlobalHits = z.infer<typeof globalHits>;

/** The tools that the assistant may call. */
export type ToolName = "search_web" | "search_products" | "search_global";
