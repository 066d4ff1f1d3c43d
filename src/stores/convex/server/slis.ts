import type { GenericDatabaseReader, GenericDatabaseWriter } from "convex/server";
import { mergeCounts } from "../../../kernel/sli/sli-cell.js";
import { beginning, STRETCHES } from "../../../kernel/sli/stretches.js";
import type { DataModel, Doc } from "../component/_generated/dataModel.js";
import { type Some, upTo } from "./bounded.js";
import type { SliEntry, SliHistory } from "./wire.js";

/** Documents that a minute is spread over, so that calls at once seldom write the same one. */
const SHARDS = 4;
/**
 * Documents, and bytes, that are read at most: by minutes, hours, days. A transaction scans 32,000 documents and 16 MiB
 * (docs.convex.dev/production/state/limits), and a snapshot reads more than this in one. It is enough for 50 indicators
 * that are busy every minute: each has 4 documents for each of 80 minutes, 74 hours and 32 days. The newest are read, so
 * with more indicators the oldest part of the windows is missing.
 */
const MOST_READ = [
  { docs: 16_000, bytes: 5_000_000 },
  { docs: 4_000, bytes: 5_000_000 },
  { docs: 2_000, bytes: 3_000_000 },
] as const;
/** What a document has beside its counts, about. */
const OTHER_BYTES = 200;

type Reader = GenericDatabaseReader<DataModel>;
type Writer = GenericDatabaseWriter<DataModel>;

/** What is counted where. */
type Place = Pick<Doc<"slis">, "service" | "kind" | "name" | "stretchMs" | "start" | "shard">;
interface Counted {
  readonly counts: readonly number[];
  readonly first: number;
}

/** Adds counts: one document an indicator. */
export async function addCounts(db: Writer, service: string, entries: readonly SliEntry[], now: number): Promise<null> {
  const shard = Math.floor(Math.random() * SHARDS);
  const [{ stretchMs }] = STRETCHES as readonly [(typeof STRETCHES)[number]];
  const start = beginning(now, stretchMs);
  for (const { kind, name, counts } of entries)
    await add(db, { service, kind, name, stretchMs, start, shard }, { counts, first: start });
  return null;
}

/**
 * Makes minutes that no window needs by themselves any more a part of their hour, and hours of their day; days that are
 * too old are deleted. Nobody else writes these documents by then, so nobody is in the way of it, and a call is counted
 * in one stretch at any time, whenever this is run.
 *
 * @param most documents that are read of what is old; as many are written at most
 */
export async function rollUp(db: Writer, most: number, now: number): Promise<Some<Doc<"slis">>> {
  const due = db.query("slis").withIndex("by_until", (q) => q.lte("until", now));
  const old = await upTo(due, most, sizeOf);
  // The longest first: a document that minutes are added to must not be one that was read before.
  for (let tier = STRETCHES.length - 1; tier >= 0; tier--) {
    const docs = old.docs.filter(({ stretchMs }) => stretchMs === STRETCHES[tier]?.stretchMs);
    for (const { _id } of docs) await db.delete(_id);
    const stretchMs = STRETCHES[tier + 1]?.stretchMs;
    if (stretchMs === undefined) continue;
    const sums = new Map<string, Place & Counted>();
    for (const { service, kind, name, start: began, counts, first = began } of docs) {
      const start = beginning(began, stretchMs);
      const id = JSON.stringify([service, kind, name, start]);
      const sum = sums.get(id) ?? { counts: [], first };
      sums.set(id, { service, kind, name, stretchMs, start, shard: 0, ...plus(sum, { counts, first }) });
    }
    for (const { counts, first, ...place } of sums.values()) await add(db, place, { counts, first });
  }
  return old;
}

/** Reads counts, what lies in several documents added up. */
export async function readCounts(
  db: Reader,
  { service, since }: { readonly service: string; readonly since: number },
): Promise<SliHistory[]> {
  const all = new Map<string, SliHistory>();
  for (const [tier, { stretchMs }] of STRETCHES.entries()) {
    const docs = db
      .query("slis")
      .withIndex("by_stretch", (q) =>
        q.eq("service", service).eq("stretchMs", stretchMs).gte("start", beginning(since, stretchMs)),
      )
      .order("desc");
    const most = MOST_READ[tier] as (typeof MOST_READ)[number];
    const read = await upTo(docs, most.docs, sizeOf, most.bytes);
    for (const { kind, name, start, counts, first = start } of read.docs) {
      const id = JSON.stringify([kind, name]);
      const one: SliHistory = all.get(id) ?? { kind, name, stretches: [] };
      all.set(id, one);
      const last = one.stretches.at(-1);
      // (They come in the index's order: documents of one stretch lie side by side.)
      if (last?.stretchMs === stretchMs && last.start === start) Object.assign(last, plus(last, { counts, first }));
      else one.stretches.push({ stretchMs, start, first, counts });
    }
  }
  return [...all.values()];
}

async function add(db: Writer, place: Place, counted: Counted): Promise<void> {
  const { service, kind, name, stretchMs, start, shard } = place;
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
  if (held !== null) {
    await db.patch(held._id, plus({ counts: held.counts, first: held.first ?? start }, counted));
    return;
  }
  const keptMs = STRETCHES.find((tier) => tier.stretchMs === stretchMs)?.keptMs ?? 0;
  await db.insert("slis", {
    ...place,
    ...plus({ ...counted, counts: [] }, counted),
    until: start + stretchMs + keptMs,
  });
}

function plus(a: Counted, b: Counted): { counts: number[]; first: number } {
  return { counts: [...mergeCounts(a.counts, b.counts)], first: Math.min(a.first, b.first) };
}

function sizeOf({ counts }: Doc<"slis">): number {
  return OTHER_BYTES + 9 * counts.length;
}
