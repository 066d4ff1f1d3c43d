import type { Kernel, Step } from "../../core/kernel.js";
import { fenceLeftMs, nextFence } from "../leases/fence.js";

/** What processes agree on that call the same callee. */
export interface SharedBreakerConfig {
  /** Processes that have to find the callee failing before all of them stop: one bad process must not stop the rest. */
  readonly quorum: number;
  /** How long a process may take to try the callee for all of them, in milliseconds. */
  readonly probeMs: number;
}

/** What is asked of a shared breaker. `node` is a random whole number that a process keeps. */
export type SharedBreakerInput =
  /** This process's circuit has opened, for so long. Again: from now on. 0 takes it back. */
  | { readonly op: "advertise"; readonly node: number; readonly openMs: number }
  /** Asks to be the one that tries the callee. */
  | { readonly op: "probe" }
  /** Says how that went. A success closes the circuit for all. */
  | { readonly op: "settle"; readonly fence: number; readonly recovered: boolean }
  | { readonly op: "read" };

/** What a shared breaker answers. */
export interface SharedBreakerDecision {
  /** Whether a quorum finds the callee failing. */
  readonly open: boolean;
  /** Processes whose circuit is open. */
  readonly nodes: number;
  /** Milliseconds until there is no quorum any more, if nobody says anything new. */
  readonly retryAfterMs: number;
  /** The number of the probe that was granted; 0: none was. */
  readonly fence: number;
}

/** An advertisement within the state: node, milliseconds left. */
const WIDTH = 2;
/** Before them: when the state was written, the last fence, what is left of the probe under way. */
const HEAD = 3;
/** Advertisements kept: more change no quorum. */
const MOST_NODES = 128;

type Shared = Step<readonly number[], SharedBreakerDecision>;

/**
 * What the breakers of a fleet share. Each decides for itself; here they only tell that they have opened, and take
 * turns in trying: one probe at a time for all of them, under a lease with a fence, so that a callee that comes back is
 * not run down by everybody's probes at once. A probe that never reports blocks the next for `probeMs` at most.
 *
 * State: `[writtenAt, lastFence, probeLeft, …(node, left)]`, times in milliseconds from `writtenAt`.
 */
export const sharedBreakerKernel: Kernel<
  readonly number[],
  SharedBreakerConfig,
  SharedBreakerInput,
  SharedBreakerDecision
> = {
  name: "breaker",
  version: 1,
  step(state, now, config, input) {
    const present = live(state, now, config.probeMs);
    switch (input.op) {
      case "advertise":
        return kept(advertised(present, input.node, input.openMs), now, config);
      case "probe":
        if ((present[2] as number) > 0) return told(present, config);
        present[1] = nextFence(present[1] as number, now);
        present[2] = config.probeMs;
        return kept(present, now, config, present[1] as number);
      case "settle":
        // One that comes too late says nothing about the callee as it is now.
        if (input.fence !== present[1] || present[2] === 0) return told(present, config);
        present[2] = 0;
        if (input.recovered) present.length = HEAD;
        return kept(present, now, config);
      default:
        return { ...told(present, config), granted: true };
    }
  },
};

/** What is left at `now`, in a state of its own. */
function live(state: readonly number[] | undefined, now: number, probeMs: number): number[] {
  if (state === undefined) return [now, 0, 0];
  const elapsed = Math.max(0, now - (state[0] as number));
  const present = [now, state[1] as number, Math.max(0, Math.min((state[2] as number) - elapsed, probeMs))];
  for (let i = HEAD; i < state.length; i += WIDTH) {
    const left = (state[i + 1] as number) - elapsed;
    if (left > 0) present.push(state[i] as number, left);
  }
  return present;
}

function advertised(present: number[], node: number, openMs: number): number[] {
  for (let i = HEAD; i < present.length; i += WIDTH) {
    if (present[i] !== node) continue;
    present.splice(i, WIDTH);
    break;
  }
  if (openMs > 0 && (present.length - HEAD) / WIDTH < MOST_NODES) present.push(node, openMs);
  return present;
}

function kept(present: readonly number[], now: number, config: SharedBreakerConfig, fence = 0): Shared {
  let ttlMs = Math.max(present[2] as number, fenceLeftMs(present[1] as number, now));
  for (let i = HEAD; i < present.length; i += WIDTH) ttlMs = Math.max(ttlMs, present[i + 1] as number);
  return { granted: true, decision: decision(present, config, fence), state: present, ttlMs };
}

function told(present: readonly number[], config: SharedBreakerConfig): Shared {
  return { granted: false, decision: decision(present, config, 0), state: undefined, ttlMs: 0 };
}

function decision(present: readonly number[], { quorum }: SharedBreakerConfig, fence: number): SharedBreakerDecision {
  const lefts: number[] = [];
  for (let i = HEAD; i < present.length; i += WIDTH) lefts.push(present[i + 1] as number);
  lefts.sort((a, b) => b - a);
  const retryAfterMs = lefts[quorum - 1] ?? 0;
  return { open: retryAfterMs > 0, nodes: lefts.length, retryAfterMs, fence };
}
