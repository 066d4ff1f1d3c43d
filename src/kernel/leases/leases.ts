import type { Kernel, Step } from "../../core/kernel.js";
import { fenceLeftMs, nextFence } from "./fence.js";

/** How many may hold a lease at a time, and how long without renewing it. */
export interface LeaseConfig {
  readonly capacity: number;
  readonly leaseMs: number;
}

/** What is asked of the leases. */
export type LeaseInput =
  /** `nonce` is a random whole number: the same again, where an answer was lost, gets the same lease. */
  | { readonly op: "acquire"; readonly nonce: number }
  | { readonly op: "renew" | "release"; readonly fence: number }
  | { readonly op: "peek" };

/** What the leases answer. */
export interface LeaseDecision {
  /** Whether the lease is held now: acquired or renewed. */
  readonly held: boolean;
  /** The number of the lease, greater than all before; 0 where none is held. */
  readonly fence: number;
  /** Leases out now. */
  readonly leases: number;
  /** Milliseconds until a lease runs out by itself, if none is free; otherwise 0. */
  readonly retryAfterMs: number;
}

/** A lease within the state: fence, nonce, milliseconds left. */
const WIDTH = 3;
/** Before the leases: when the state was written, and the last fence. */
const HEAD = 2;

/**
 * A semaphore whose permits run out: `capacity` leases at a time, each good for `leaseMs` from when it was last renewed.
 * Who holds one must stop when it isn't renewed in time; who writes somewhere sends the fence along, so that a late
 * write can be told from the present holder's.
 *
 * State: `[writtenAt, lastFence, …(fence, nonce, left)]`, `left` in milliseconds from `writtenAt`; so a clock that goes
 * back makes no lease longer. A smaller capacity takes no lease away: none is given out until enough have gone. A
 * shorter `leaseMs` counts at once.
 */
export const leaseKernel: Kernel<readonly number[], LeaseConfig, LeaseInput, LeaseDecision> = {
  name: "leases",
  version: 1,
  step(state, now, config, input) {
    const present = live(state, now, config.leaseMs);
    if (input.op === "peek") return told(present, config, false);
    if (input.op === "acquire") return acquire(present, now, config, input.nonce);
    const at = find(present, 0, input.fence);
    if (at < 0) return told(present, config, false);
    if (input.op === "release") present.splice(at, WIDTH);
    else present[at + 2] = config.leaseMs;
    return kept(present, now, config, input.op === "release" ? 0 : input.fence, true);
  },
};

type LeaseStep = Step<readonly number[], LeaseDecision>;

function acquire(present: number[], now: number, config: LeaseConfig, nonce: number): LeaseStep {
  const known = find(present, 1, nonce);
  if (known >= 0) {
    present[known + 2] = config.leaseMs;
    return kept(present, now, config, present[known] as number, true);
  }
  if (leasesOf(present) >= config.capacity) return told(present, config, false);
  const fence = nextFence(present[1] as number, now);
  present[1] = fence;
  present.push(fence, nonce, config.leaseMs);
  return kept(present, now, config, fence, true);
}

/** The leases that are left at `now`, in a state of their own. */
function live(state: readonly number[] | undefined, now: number, leaseMs: number): number[] {
  if (state === undefined) return [now, 0];
  const elapsed = Math.max(0, now - (state[0] as number));
  const present = [now, state[1] as number];
  for (let i = HEAD; i < state.length; i += WIDTH) {
    const left = Math.min((state[i + 2] as number) - elapsed, leaseMs);
    if (left > 0) present.push(state[i] as number, state[i + 1] as number, left);
  }
  return present;
}

/** Where the lease is whose number `offset` is this one; −1: nowhere. */
function find(present: readonly number[], offset: number, value: number): number {
  for (let i = HEAD; i < present.length; i += WIDTH) if (present[i + offset] === value) return i;
  return -1;
}

function leasesOf(present: readonly number[]): number {
  return (present.length - HEAD) / WIDTH;
}

function kept(
  present: readonly number[],
  now: number,
  config: LeaseConfig,
  fence: number,
  granted: boolean,
): LeaseStep {
  // Even without a lease the last fence is kept until the clock is past it.
  const ttlMs = Math.max(config.leaseMs, fenceLeftMs(present[1] as number, now));
  return { ...told(present, config, granted), state: present, ttlMs, decision: decision(present, config, fence) };
}

function told(present: readonly number[], config: LeaseConfig, granted: boolean): LeaseStep {
  return { granted, decision: decision(present, config, 0), state: undefined, ttlMs: 0 };
}

function decision(present: readonly number[], { capacity }: LeaseConfig, fence: number): LeaseDecision {
  const leases = leasesOf(present);
  let soonest = Number.POSITIVE_INFINITY;
  for (let i = HEAD; i < present.length; i += WIDTH) soonest = Math.min(soonest, present[i + 2] as number);
  return { held: fence > 0, fence, leases, retryAfterMs: leases >= capacity && leases > 0 ? soonest : 0 };
}
