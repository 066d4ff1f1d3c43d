/**
 * Who is let in at the front door of a service that may have more to do than it can. Three things are watched, and each
 * sees what the others don't:
 *
 * - **How late the event loop is at this moment.** What keeps the processor busy makes everybody behind it wait before
 *   the service has even seen them; calls that never wait never run side by side either, so their number says nothing.
 * - **How many calls are under way**, with a limit that follows the gradient of their latency: what waits for something
 *   else that is overloaded leaves the event loop free.
 * - **What came of each priority**, and how much of it was taken in: from that follows which priorities get through.
 *   The first two decide about one request at this moment; only this one lets them hit those who matter least.
 *
 * Nobody queues: a request is let in or refused at once. All functions here are pure; times are monotonic milliseconds.
 */
import { AMPLY, type CapacityState, MEMORY_MS, nextCapacity, TRICKLE } from "./capacity.js";
import { levelFor, shareOf } from "./level.js";
import { type LimitConfig, nextLimit } from "./limit.js";

/** What admission goes by. */
export interface AdmissionConfig extends LimitConfig {
  /** How late the event loop may be all the time. */
  readonly targetDelayMs: number;
  /** For how long it may be later than that, and how late it may be meanwhile. */
  readonly intervalMs: number;
}

/** What is held between requests. */
export interface AdmissionState {
  /** Calls that may be under way; has a fraction. */
  readonly limit: number;
  /** Which priorities get through: see {@link levelFor}. */
  readonly level: number;
  /** Requests that came, for each class and millisecond; smoothed. */
  readonly rates: readonly number[];
  /** Requests that were let in and those that were refused past the level, for each millisecond; smoothed alike. */
  readonly admitted: number;
  readonly turnedAway: number;
  /** How many can be taken. */
  readonly taking: CapacityState;
  /** Logarithm of the latency as a multiple of the usual one; smoothed. */
  readonly logRatio: number;
  /** The fall of the limit that goes on; `undefined`: none does. */
  readonly fall: Fall | undefined;
  /** Whether calls take as long as they do whatever the limit is: then it is not for us to help it. */
  readonly blameless: boolean;
  /** How late the event loop was when that was last seen. */
  readonly lateMs: number;
  /** When that was. */
  readonly seenAt: number;
  /** Since when it has been too late, each time it was looked at; `undefined`: it was not, the last time. */
  readonly lateSince: number | undefined;
  /** Whether it has been for so long that this is no burst. */
  readonly standing: boolean;
}

/** A limit that falls. */
interface Fall {
  /** Where it began. */
  readonly from: number;
  /** The worst latency since. */
  readonly worst: number;
}

/** What happened in a stretch of time. */
export interface Stretch {
  readonly ms: number;
  /** Requests that came, by class. */
  readonly arrived: readonly number[];
  readonly admitted: number;
  /** Requests that were refused for the event loop's delay or the limit. */
  readonly turnedAway: number;
  /** The most calls that were under way. */
  readonly peak: number;
  /** Calls that ended and say something about latency. */
  readonly samples: number;
  /** The sum of the logarithms of their latencies as multiples of the usual ones. */
  readonly logRatios: number;
}

/** What a request is refused for. */
export type Refusal = "loop" | "limit" | "priority";

/** As many samples of latency are half of what is known. */
const HALF_SAMPLES = 20;
/**
 * What was counted in a stretch that is longer is of the past: the first to come after a tenth of a second ends a stretch,
 * so all who were counted came at its beginning, and then nobody did.
 */
const PAST_MS = 3 * MEMORY_MS;
/** How much more than the capacity is let past the level, so that what is there is used, and seen to be. */
const PROBE = 1.1;
/** So much of the logarithm of the latency must be gone when the limit is halved: a fifth of what theory says. */
const FOLLOWED = 0.15;
/** Looks at the loop that are further apart, with no lateness between, are of two times. */
const APART_MS = 1000;
/** Which part of the target delay is as good as none. */
const IN_TIME = 0.25;
/**
 * Which part of the limit the class that is cut in two gets: the rest is kept for those above it, who come at random,
 * and are not to be refused for what was let in a moment before them.
 */
const MARGINAL = 0.6;

/** A service that has just begun. */
export function freshAdmission(config: AdmissionConfig, classes: number): AdmissionState {
  return {
    limit: config.initialLimit,
    level: classes,
    rates: new Array<number>(classes).fill(0),
    admitted: 0,
    turnedAway: 0,
    taking: AMPLY,
    logRatio: 0,
    fall: undefined,
    blameless: false,
    lateMs: 0,
    seenAt: -Infinity,
    lateSince: undefined,
    standing: false,
  };
}

/**
 * Takes in how late the event loop was. Late once is a burst, or garbage being collected, and passes by itself; late
 * at each look for a whole interval is more than can be done. (As CoDel tells good queues from bad ones: Nichols and
 * Jacobson, "Controlling Queue Delay", ACM Queue 2012; in front of a server: Maurer, "Fail at Scale", ACM Queue 2015.)
 * It is over when the loop is in time again, and not when it is just less late, while anybody is refused: refusing is
 * what made it so. Two looks are of one time when the loop was late from the one to the other, or nearly so.
 */
export function loopSeen(
  state: AdmissionState,
  now: number,
  measuredMs: number,
  { targetDelayMs, intervalMs }: AdmissionConfig,
): AdmissionState {
  // A clock that jumped, or a measurement of somebody's own, must not become a limit that is no number, for good.
  if (!Number.isFinite(measuredMs)) return state;
  const lateMs = Math.max(0, measuredMs);
  const seen = { ...state, lateMs, seenAt: now };
  if (lateMs <= IN_TIME * targetDelayMs) return { ...seen, lateSince: undefined, standing: false };
  const since = now - lateMs - state.seenAt > Math.max(APART_MS, intervalMs) ? undefined : state.lateSince;
  if (lateMs <= targetDelayMs && since === undefined) return { ...seen, lateSince: undefined, standing: false };
  const lateSince = since ?? now;
  return { ...seen, lateSince, standing: now - lateSince >= intervalMs };
}

/** Takes in a stretch of time: works out limit, capacity and level. */
export function stretchSeen(state: AdmissionState, stretch: Stretch, config: AdmissionConfig): AdmissionState {
  const { ms, arrived, samples, logRatios, peak } = stretch;
  const weight = Math.min(1, ms / MEMORY_MS);
  const past = ms > PAST_MS;
  const smooth = (rate: number, count: number) => (past ? 0 : (1 - weight) * rate + count / Math.max(ms, MEMORY_MS));
  const rates = state.rates.map((rate, at) => smooth(rate, arrived[at] ?? 0));
  // A stretch may hold the part of a turn in which all are let in, and the next the part in which none is.
  const admitted = smooth(state.admitted, stretch.admitted);
  const turnedAway = smooth(state.turnedAway, stretch.turnedAway);
  const all = rates.reduce((sum, rate) => sum + rate, 0);
  const taking = past ? AMPLY : nextCapacity(state.taking, { ms, arrived: all, admitted, turnedAway });
  const known = samples / (samples + HALF_SAMPLES);
  const logRatio =
    samples === 0 ? state.logRatio * (1 - weight / 2) : state.logRatio + known * (logRatios / samples - state.logRatio);
  const loop = state.standing ? Math.min(1, config.targetDelayMs / state.lateMs) : 1;
  return {
    ...state,
    rates,
    admitted,
    turnedAway,
    taking,
    logRatio,
    level: levelFor(rates, taking.capacity * PROBE + TRICKLE),
    limit: nextLimit(state.limit, { ratio: Math.exp(logRatio), loop, peak }, config),
    ...blame(state, logRatio, config),
    ...(nobodyRefused(stretch, taking.capacity) && state.lateMs <= config.targetDelayMs && CALM),
  };
}

/** Less late than it may be, and nobody is refused: then it is not refusing that made it so. */
const CALM: Pick<AdmissionState, "lateSince" | "standing"> = { lateSince: undefined, standing: false };

function nobodyRefused({ turnedAway }: Stretch, capacity: number): boolean {
  return turnedAway === 0 && capacity === Infinity;
}

/**
 * Judges whether fewer calls at a time are answered any faster. When the limit has fallen by half and latency has not
 * followed, it comes from elsewhere, an upstream that has become slower, say: refusing more would help nobody, and
 * what is usual has changed.
 */
function blame(
  { limit, fall, blameless }: AdmissionState,
  logRatio: number,
  { tolerance, minLimit }: AdmissionConfig,
): Pick<AdmissionState, "fall" | "blameless"> {
  if (logRatio <= Math.log(tolerance)) return { fall: undefined, blameless: false };
  const from = fall?.from ?? limit;
  const worst = Math.max(fall?.worst ?? logRatio, logRatio);
  if (limit > Math.max(minLimit, from / 2)) return { fall: { from, worst }, blameless };
  return { fall: { from: limit, worst: logRatio }, blameless: logRatio > worst - FOLLOWED };
}

/**
 * Decides about one request.
 *
 * @param priority its class
 * @param inFlight calls under way
 * @param lateMs how late the event loop is at this moment
 * @param chance from 0 up to 1
 * @returns what it is refused for; `undefined`: it is let in
 */
export function refusalOf(
  { level, rates, standing, limit }: AdmissionState,
  { targetDelayMs, intervalMs }: AdmissionConfig,
  priority: number,
  inFlight: number,
  lateMs: number,
  chance: number,
): Refusal | undefined {
  const share = shareOf(level, priority);
  if (chance >= share) return "priority";
  // While a level holds, it is the class that is cut in two whose requests are too many, and those above it are not.
  const strict = level < rates.length ? share < 1 : standing;
  if (lateMs > (strict ? targetDelayMs : intervalMs)) return "loop";
  return inFlight >= Math.max(1, Math.floor(share < 1 ? MARGINAL * limit : limit)) ? "limit" : undefined;
}
