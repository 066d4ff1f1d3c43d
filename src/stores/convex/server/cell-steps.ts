import type { GenericDatabaseReader, GenericDatabaseWriter } from "convex/server";
import type { Step } from "../../../core/kernel.js";
import { longer } from "../../../core/utf8.js";
import type { DataModel, Doc } from "../component/_generated/dataModel.js";
import { type AnyKernel, kernels } from "./kernels.js";
import { isLimit, spread } from "./shards.js";
import type { StepsAnswer, WireStep } from "./wire.js";

type Reader = GenericDatabaseReader<DataModel>;
type Writer = GenericDatabaseWriter<DataModel>;

/** A document may have 1 MiB in all (docs.convex.dev/production/state/limits); the rest is for its other fields. */
const MOST_BYTES = 1_000_000;

/** What one step came to, before it is known whether it is kept. */
interface Decided {
  readonly step: Step<unknown, object>;
  readonly kernel: AnyKernel;
  readonly doc: Doc<"cells"> | null;
  readonly space: string;
  readonly key: string;
}

/** What can't be decided. */
type Failure = Extract<StepsAnswer, { failure: unknown }>;

/** Steps cells, all or nothing: of steps that aren't all granted, only what the refused ones want to keep is kept. */
export async function stepAll(db: Writer, steps: readonly WireStep[], now: number): Promise<StepsAnswer> {
  const decided: Decided[] = [];
  const decisions: object[] = [];
  for (const step of steps) {
    const one = isLimit(step) ? await spread(step, (asked) => decide(db, asked, now)) : await single(db, step, now);
    if ("failure" in one) return one;
    decided.push(...one.kept);
    decisions.push(one.decision);
  }
  const all = decided.every(({ step }) => step.granted);
  const kept = decided.filter(({ step }) => all || !step.granted);
  // Nothing is written before everything is known to fit.
  const written = kept.map((one) => ({ one, text: stateText(one) }));
  if (written.some(({ text }) => text !== undefined && longer(text, MOST_BYTES))) return { failure: "capacity" };
  for (const { one, text } of written) await keep(db, one, text, now);
  return { decisions: JSON.stringify(decisions) };
}

/** What a step would decide. */
export async function look(db: Reader, step: WireStep, now: number): Promise<StepsAnswer> {
  const one = isLimit(step) ? await spread(step, (asked) => decide(db, asked, now)) : await single(db, step, now);
  if ("failure" in one) return one;
  const changes = one.kept.some((decided) => decided.step.state !== undefined && !isRenewal(decided));
  return { decisions: JSON.stringify([one.decision]), changes };
}

async function single(db: Reader, step: WireStep, now: number) {
  const one = await decide(db, step, now);
  return "failure" in one ? one : { kept: [one], decision: one.step.decision };
}

async function decide(
  db: Reader,
  { kernel: name, version, space, key, config, input }: WireStep,
  now: number,
): Promise<Decided | Failure> {
  const kernel = kernels.get(name);
  // A client that is newer than the component it calls, or much older.
  if (kernel === undefined || kernel.version !== version) return { failure: "version" };
  const doc = await db
    .query("cells")
    .withIndex("by_key", (q) => q.eq("space", space).eq("key", key))
    .unique();
  const live = doc !== null && doc.until > now ? doc : undefined;
  if (live !== undefined && live.version > kernel.version) return { failure: "version" };
  let state: unknown;
  if (live !== undefined) {
    const held: unknown = JSON.parse(live.state);
    state = live.version === kernel.version ? held : older(kernel, live.version, held);
  }
  return { step: kernel.step(state, now, JSON.parse(config), JSON.parse(input)), kernel, doc, space, key };
}

function older(kernel: AnyKernel, version: number, held: unknown): unknown {
  return version === kernel.version - 1 ? kernel.upgrade?.(held) : undefined;
}

function stateText({ step: { state, ttlMs } }: Decided): string | undefined {
  return state === undefined || state === null || ttlMs <= 0 ? undefined : JSON.stringify(state);
}

/** Whether nothing would change but how long it is kept. */
function isRenewal(decided: Decided): boolean {
  const { kernel, doc } = decided;
  return kernel.renews === true && doc?.version === kernel.version && doc.state === stateText(decided);
}

async function keep(db: Writer, decided: Decided, text: string | undefined, now: number): Promise<void> {
  const { step, kernel, doc, space, key } = decided;
  if (step.state === undefined) return;
  if (isRenewal(decided) && doc !== null && doc.until - now > step.ttlMs / 2) return;
  if (text === undefined) {
    if (doc !== null) await db.delete(doc._id);
    return;
  }
  const until = Math.min(now + step.ttlMs, Number.MAX_SAFE_INTEGER);
  const fields = { version: kernel.version, state: text, until };
  if (doc === null) await db.insert("cells", { space, key, ...fields });
  else await db.patch(doc._id, fields);
}
