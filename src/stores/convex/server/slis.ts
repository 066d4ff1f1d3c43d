import type { GenericDatabaseReader, GenericDatabaseWriter } from "convex/server";
import { mergeCounts } from "../../../kernel/sli/sli-cell.js";
import type { DataModel } from "../component/_generated/dataModel.js";
import type { SliEntry } from "./wire.js";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Minutes serve the windows up to an hour, hours those up to three days. */
const TIERS = [
  { stretchMs: MINUTE_MS, keptMs: 70 * MINUTE_MS },
  { stretchMs: HOUR_MS, keptMs: 73 * HOUR_MS },
] as const;
/** Documents that a stretch is spread over, so that calls at once seldom write the same one. */
const SHARDS = 4;
/**
 * Documents read at most of one tier: a transaction scans 32,000, and a snapshot reads both tiers and more in one. The
 * newest are read: with more than some 40 names that are busy every minute, the oldest part of the longest window of each
 * tier is missing.
 */
const MOST_READ = 12_000;

/** Adds counts. */
export async function addCounts(
  db: GenericDatabaseWriter<DataModel>,
  service: string,
  entries: readonly SliEntry[],
  now: number,
): Promise<null> {
  const shard = Math.floor(Math.random() * SHARDS);
  for (const { kind, name, counts } of entries) {
    for (const { stretchMs, keptMs } of TIERS) {
      const start = Math.floor(now / stretchMs) * stretchMs;
      const held = await db
        .query("slis")
        .withIndex("by_stretch", (q) =>
          q
            .eq("service", service)
            .eq("stretchMs", stretchMs)
            .eq("start", start)
            .eq("kind", kind)
            .eq("name", name)
            .eq("shard", shard),
        )
        .unique();
      if (held !== null) await db.patch(held._id, { counts: [...mergeCounts(held.counts, counts)] });
      else {
        const until = start + stretchMs + keptMs;
        await db.insert("slis", { service, kind, name, stretchMs, start, shard, counts, until });
      }
    }
  }
  return null;
}

/** Reads counts, what lies in several documents added up. */
export async function readCounts(
  db: GenericDatabaseReader<DataModel>,
  { service, stretchMs, since }: { readonly service: string; readonly stretchMs: number; readonly since: number },
) {
  const docs = await db
    .query("slis")
    .withIndex("by_stretch", (q) => q.eq("service", service).eq("stretchMs", stretchMs).gte("start", since))
    .order("desc")
    .take(MOST_READ);
  const sums: { kind: SliEntry["kind"]; name: string; start: number; counts: number[] }[] = [];
  for (const { kind, name, start, counts } of docs) {
    const last = sums.at(-1);
    // (They come in the index's order: documents of one stretch and indicator lie side by side.)
    if (last !== undefined && last.kind === kind && last.name === name && last.start === start)
      last.counts = [...mergeCounts(last.counts, counts)];
    else sums.push({ kind, name, start, counts });
  }
  return sums;
}
