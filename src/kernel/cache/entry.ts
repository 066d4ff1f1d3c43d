import type { Kernel, Step } from "../../core/kernel.js";

/** How long one process may load for all. */
export interface CacheEntryConfig {
  readonly leaseMs: number;
}

/** What is asked of an entry. `epoch` is the namespace's: what was written under another counts as gone. */
export type CacheEntryInput = {
  readonly epoch: number;
} /** `fence`: a random whole number, to load the value if it isn't fresh and nobody does; 0: only to look. */ & (
  | { readonly op: "read"; readonly fence: number }
  /** What was loaded under a fence; kept if that still holds. Fresh for `freshMs`, and for `keepMs` more a stand-in. */
  | {
      readonly op: "commit";
      readonly fence: number;
      readonly text: string;
      readonly freshMs: number;
      readonly keepMs: number;
    }
  /** The same whoever loads. */
  | { readonly op: "set"; readonly text: string; readonly freshMs: number; readonly keepMs: number }
  /** Loading failed. */
  | { readonly op: "release"; readonly fence: number }
  | { readonly op: "delete" }
);

/** What an entry answers. */
export interface CacheEntryDecision {
  /** The value; `null` where there is none. */
  readonly text: string | null;
  /** How much longer it is fresh; 0 or less: it is not. */
  readonly freshMs: number;
  /** How much longer it may stand in. */
  readonly graceMs: number;
  /** The fence under which to load it; 0: it is fresh, or another process loads it. */
  readonly fence: number;
  /** How long another process may still take. */
  readonly waitMs: number;
  /** Whether what was to be written, or dropped, was. */
  readonly kept: boolean;
  /** Whether others wait for what was written. */
  readonly waited: boolean;
}

/** What is held of an entry. */
export interface CacheEntryState {
  readonly epoch: number;
  /** Of who loads it; 0: nobody. */
  readonly fence: number;
  readonly leaseUntil: number;
  readonly freshUntil: number;
  readonly graceUntil: number;
  readonly waited: boolean;
  readonly text: string | null;
}

type EntryStep = Step<CacheEntryState, CacheEntryDecision>;

/**
 * One value of a cache that many processes share, and who loads it. What was loaded is written only under the fence that
 * was given out for loading it: whoever changes or drops the value, or the namespace, meanwhile takes that away, so that
 * what was read before a change is never written after it.
 */
export const cacheEntryKernel: Kernel<CacheEntryState, CacheEntryConfig, CacheEntryInput, CacheEntryDecision> = {
  name: "cache-entry",
  version: 1,
  step(state, now, { leaseMs }, input) {
    const present = state?.epoch === input.epoch ? state : undefined;
    switch (input.op) {
      case "read":
        return read(present, now, leaseMs, input.epoch, input.fence);
      case "commit":
        if (present === undefined || present.fence !== input.fence || input.fence === 0) return told({ kept: false });
        return written(input, now, present.waited);
      case "set":
        return written(input, now, present?.waited ?? false);
      case "release": {
        if (present === undefined || present.fence !== input.fence || input.fence === 0) return told({ kept: false });
        const left = present.graceUntil - now;
        if (present.text === null || left <= 0) return told({ kept: true, waited: present.waited }, null);
        return told(
          { kept: true, waited: present.waited },
          { ...present, fence: 0, leaseUntil: 0, waited: false },
          left,
        );
      }
      default:
        return told({ kept: present !== undefined && present.text !== null && present.graceUntil > now }, null);
    }
  },
};

function read(
  present: CacheEntryState | undefined,
  now: number,
  leaseMs: number,
  epoch: number,
  fence: number,
): EntryStep {
  const live = present !== undefined && present.text !== null && present.graceUntil > now;
  const text = live ? present.text : null;
  const freshMs = live ? present.freshUntil - now : 0;
  const graceMs = live ? present.graceUntil - now : 0;
  const seen = { text, freshMs, graceMs };
  if (fence === 0 || freshMs > 0) return told(seen);
  const leaseLeft = present === undefined ? 0 : Math.min(present.leaseUntil - now, leaseMs);
  if (present !== undefined && leaseLeft > 0 && present.fence !== fence) {
    const waiting = present.waited ? undefined : { ...present, waited: true };
    return told({ ...seen, waitMs: leaseLeft }, waiting, Math.max(leaseLeft, graceMs));
  }
  const { freshUntil, graceUntil } = live ? present : { freshUntil: 0, graceUntil: 0 };
  const state = { epoch, fence, leaseUntil: now + leaseMs, freshUntil, graceUntil, waited: false, text };
  return told({ ...seen, fence }, state, Math.max(leaseMs, graceMs));
}

function written(
  { epoch, text, freshMs, keepMs }: Extract<CacheEntryInput, { readonly op: "commit" | "set" }>,
  now: number,
  waited: boolean,
): EntryStep {
  const freshUntil = now + freshMs;
  const graceUntil = freshUntil + keepMs;
  const state = { epoch, fence: 0, leaseUntil: 0, freshUntil, graceUntil, waited: false, text };
  return told({ kept: true, waited }, state, freshMs + keepMs);
}

function told(
  decision: Partial<CacheEntryDecision>,
  state: CacheEntryState | null | undefined = undefined,
  ttlMs = 0,
): EntryStep {
  const nothing = { text: null, freshMs: 0, graceMs: 0, fence: 0, waitMs: 0, kept: false, waited: false };
  return { granted: true, decision: { ...nothing, ...decision }, state, ttlMs };
}
