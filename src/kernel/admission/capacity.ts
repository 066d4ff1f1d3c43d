/** What a service can take, as admission sees it: rates are of requests for each millisecond. */
export interface CapacityState {
  /** Requests that can be taken; infinite while that was never too few. */
  readonly capacity: number;
  /** The most it was estimated at since it was last infinite; 0: it is. */
  readonly from: number;
  /** Which part of those that priorities let past was refused; smoothed over a second. */
  readonly share: number;
  /** Until it is looked at again whether fewer requests help: for so long they are known not to. */
  readonly helplessMs: number;
  /** What `share` was when they were found not to. */
  readonly helplessShare: number;
}

/** What a stretch of time says about it. */
export interface CapacitySample {
  readonly ms: number;
  /** Requests that came, that were let in, and that were refused past the level; smoothed. */
  readonly arrived: number;
  readonly admitted: number;
  readonly turnedAway: number;
}

/** The least that is let past the level, for each millisecond: two a second. */
export const TRICKLE = 0.002;
/** How long the rates remember. */
export const MEMORY_MS = 300;
/** Which part of those who got past the level has to be refused until that is too much: below, it was chance. */
const PRESSED = 0.05;
/** How fast the estimated capacity grows in `MEMORY_MS` when nothing speaks against it. */
const GROWTH = 0.3;
/** A capacity of so many times what comes is none. */
const AMPLE = 1.5;
/** How long `share` remembers. */
const SHARE_MEMORY_MS = 1000;
/** A capacity that fell to so much of what it was has fallen far enough to have helped. */
const FAR = 0.25;
/** Which part is refused while the level lets past a tenth more than can be taken, and not much more than that. */
const HELPED = 2 * PRESSED;
/** For how long it is believed that fewer requests don't help. */
const HELPLESS_MS = 10_000;
/** Unless this many times as large a part is refused. */
const WORSE = 2;

/** Nothing was ever too much. */
export const AMPLY: CapacityState = { capacity: Infinity, from: 0, share: 0, helplessMs: 0, helplessShare: 0 };

/**
 * The next estimate: what was let in while more than that came past the level, and more and more of it while not.
 *
 * When that has fallen to a quarter and as large a part is refused as before, the event loop is late for something else
 * than these requests: a neighbour that has the processor, other work in the process. Then the estimate would follow
 * what it lets in down to nothing, and refusing helps nobody: for a while each is judged by how late the loop is at its
 * moment alone.
 */
export function nextCapacity(state: CapacityState, { ms, arrived, admitted, turnedAway }: CapacitySample) {
  const came = admitted + turnedAway;
  const refused = came === 0 ? 0 : turnedAway / came;
  const share = state.share + Math.min(1, ms / SHARE_MEMORY_MS) * (refused - state.share);
  const helplessMs = share > WORSE * state.helplessShare ? 0 : Math.max(0, state.helplessMs - ms);
  if (helplessMs > 0) return { ...AMPLY, share, helplessMs, helplessShare: state.helplessShare };
  const capacity = refused > PRESSED ? admitted : more(state.capacity, ms, arrived);
  if (capacity === Infinity) return { ...AMPLY, share };
  const from = Math.max(state.from, capacity);
  if (refused > PRESSED && capacity < FAR * from && share > HELPED)
    return { ...AMPLY, share, helplessMs: HELPLESS_MS, helplessShare: Math.max(share, refused) };
  return { capacity, from, share, helplessMs: 0, helplessShare: 0 };
}

/** It was not too much: more may be possible, after a while in which nothing was let in as well. */
function more(capacity: number, ms: number, arrived: number): number {
  const grown = Math.max(capacity, TRICKLE) * (1 + GROWTH * Math.min(1, ms / MEMORY_MS));
  return grown > AMPLE * arrived ? Infinity : grown;
}
