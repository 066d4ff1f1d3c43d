import type { Use } from "keelson";
import { kit, serper } from "../keel";
import { odd, Refused } from "./httpErrors";
import { needed } from "./needed";
import { type Hit, usableHits } from "./tools";

/** Searches the web, or the shops. */
export async function search(
  use: Use<"act">,
  what: "search" | "shopping",
  q: string,
  signal?: AbortSignal,
): Promise<Hit[]> {
  const response = await use(serper).fetch(
    `${kit.knobs.SERPER_URL}/${what}`,
    {
      method: "POST",
      headers: { "x-api-key": needed("SERPER_API_KEY"), "content-type": "application/json" },
      body: JSON.stringify({ q, num: 5 }),
      ...(signal !== undefined && { signal }),
    },
    { idempotent: true },
  );
  if (!response.ok) throw new Refused("Serper", response.status);
  const found = (await response.json().catch(() => null)) as Record<string, unknown> | null;
  const list = found?.[what === "search" ? "organic" : "shopping"];
  if (!Array.isArray(list)) throw odd("Serper", "its answer has no list of hits");
  return usableHits(list);
}
