import type { AuditEntry, LeverAct, LeverEntry } from "../../core/levers.js";

/** The levers of a service and what was done with them. Small, for every process reads it every few seconds. */
export interface Ledger {
  /** Raised with every change. */
  readonly rev: number;
  /** Oldest first. */
  readonly active: readonly LeverEntry[];
  /** Those that act once, for as long as a process may not have heard of them. Oldest first. */
  readonly shots: readonly LeverEntry[];
  /** The end of the audit, oldest first; what is older is in the archive. */
  readonly recent: readonly AuditEntry[];
}

export const EMPTY_LEDGER: Ledger = { rev: 0, active: [], shots: [], recent: [] };

/** Levers in effect at a time. */
export const MOST_ACTIVE = 100;
/** Lines of the audit, the archive's included. */
export const MOST_AUDIT = 200;
/** Lines that stay with the levers, so that most changes write one cell. */
const MOST_RECENT = 20;
/** A process that couldn't reach the store for longer misses what acts once. */
const SHOT_MS = 15 * 60_000;
const MOST_SHOTS = 50;

/**
 * What a lever has its hand on: of those with the same, the one that was pulled last counts. `undefined`: it does
 * something once and takes nothing over.
 */
export function slotOf({ lever, target, args }: Pick<LeverEntry, "lever" | "target" | "args">): string | undefined {
  if (lever === "cache.clear" || lever === "queue.requeue-dead" || lever === "queue.drop-dead") return undefined;
  const [kind] = lever.split(".");
  return kind === "limiter" ? `limiter ${target} ${args.key}` : `${kind} ${target}`;
}

/** Adds a lever. Told twice, it does nothing: the first answer may have been lost. */
export function pulled(ledger: Ledger, entry: LeverEntry): { readonly ledger: Ledger; readonly former: LeverEntry[] } {
  if (ledger.recent.some(({ id, action }) => id === entry.id && action === "pulled")) return { ledger, former: [] };
  const slot = slotOf(entry);
  const former = slot === undefined ? [] : ledger.active.filter((one) => slotOf(one) === slot);
  const others = ledger.active.filter((one) => !former.includes(one));
  const { by, reason, at } = entry;
  const lines = former.map((one) => line(one, "superseded", { by, reason, at }));
  const lasting = entry.expiresAt !== null;
  return {
    ledger: {
      rev: ledger.rev + 1,
      active: lasting ? [...others, entry] : others,
      shots: [...ledger.shots.filter((one) => one.at > at - SHOT_MS), ...(lasting ? [] : [entry])].slice(-MOST_SHOTS),
      recent: [...ledger.recent, ...lines, line(entry, "pulled", entry)],
    },
    former,
  };
}

/** Takes a lever out of effect; `undefined` where it isn't in effect. */
export function released(ledger: Ledger, id: string, act: LeverAct): Ledger | undefined {
  const entry = ledger.active.find((one) => one.id === id);
  return entry && without(ledger, [entry], (one) => line(one, "released", act));
}

/** Takes those out whose time is over. */
export function expired(ledger: Ledger, gone: readonly LeverEntry[]): Ledger {
  const there = ledger.active.filter(({ id }) => gone.some((one) => one.id === id));
  return there.length === 0
    ? ledger
    : without(ledger, there, (one) =>
        line(one, "expired", { by: one.by, reason: one.reason, at: one.expiresAt as number }),
      );
}

/** Notes that a lever was pulled in vain. */
export function failed(ledger: Ledger, entry: LeverEntry): Ledger {
  if (ledger.recent.some(({ id, action }) => id === entry.id && action === "failed")) return ledger;
  const left = { ...ledger, shots: ledger.shots.filter(({ id }) => id !== entry.id) };
  const there = ledger.active.filter(({ id }) => id === entry.id);
  const noted = without(left, there, () => line(entry, "failed", entry));
  return there.length > 0 ? noted : { ...noted, recent: [...noted.recent, line(entry, "failed", entry)] };
}

/** Those whose time isn't over. */
export function live(ledger: Ledger, now: number): readonly LeverEntry[] {
  return ledger.active.filter(({ expiresAt }) => expiresAt !== null && expiresAt > now);
}

/** What of the audit is to go into the archive; empty while there is room. */
export function overflow({ recent }: Ledger): readonly AuditEntry[] {
  return recent.length > MOST_RECENT ? recent.slice(0, recent.length - MOST_RECENT / 2) : [];
}

/** The ledger when that is done. */
export function trimmed(ledger: Ledger, moved: readonly AuditEntry[]): Ledger {
  return { ...ledger, recent: ledger.recent.slice(moved.length) };
}

/** Two parts of an audit as one, oldest first, each line once. */
export function joined(older: readonly AuditEntry[], newer: readonly AuditEntry[]): readonly AuditEntry[] {
  const key = ({ id, action }: AuditEntry) => `${id} ${action}`;
  const known = new Set(newer.map(key));
  return [...older.filter((one) => !known.has(key(one))), ...newer].slice(-MOST_AUDIT);
}

function without(ledger: Ledger, gone: readonly LeverEntry[], told: (entry: LeverEntry) => AuditEntry): Ledger {
  return {
    ...ledger,
    rev: ledger.rev + 1,
    active: ledger.active.filter((one) => !gone.includes(one)),
    recent: [...ledger.recent, ...gone.map(told)],
  };
}

function line(entry: LeverEntry, action: AuditEntry["action"], { by, reason, at }: LeverAct): AuditEntry {
  const { id, lever, target, args, expiresAt } = entry;
  return { action, by, reason, at, id, lever, target, args, expiresAt };
}
