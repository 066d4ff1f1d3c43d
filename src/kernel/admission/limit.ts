/** What a concurrency limit goes by. */
export interface LimitConfig {
  readonly minLimit: number;
  readonly initialLimit: number;
  readonly maxLimit: number;
  /** How many times as long as usual calls may take before the limit falls. */
  readonly tolerance: number;
}

/** What a stretch of time says about the limit. */
export interface LimitSample {
  /** How long calls took, as a multiple of what is usual for them. */
  readonly ratio: number;
  /** How late the event loop may be, as a part of how late it has been all along; 1 where it is not. */
  readonly loop: number;
  /** The most calls that were under way. */
  readonly peak: number;
}

/** The limit is at most halved by one sample, before smoothing. */
const STEEPEST = 0.5;
/** The weight of a sample that lowers the limit. */
const DECLINE = 0.2;
/** Calls that may queue up inside however low the limit is: without them there would be nothing to measure. */
const LEAST_ROOM = 4;

/**
 * The next concurrency limit, by the gradient of latency: as Gradient2 of Netflix's concurrency-limits
 * (https://github.com/Netflix/concurrency-limits), where limit × gradient + room is the new limit, with three changes.
 * The delay of the event loop is a gradient, too, and the smaller counts. A limit that nothing speaks against grows by
 * the whole room and not by a smoothed part of it, for here nobody queues for a slot. And one that was lowered goes
 * back to where it began, also while it is not used.
 */
export function nextLimit(limit: number, { ratio, loop, peak }: LimitSample, config: LimitConfig): number {
  const { minLimit, initialLimit, maxLimit, tolerance } = config;
  const room = Math.max(LEAST_ROOM, Math.sqrt(limit));
  const gradient = Math.max(STEEPEST, Math.min(1, tolerance / ratio, loop));
  // While half of it is free, that all is well says nothing about more.
  if (gradient === 1 && peak < limit / 2 && limit >= initialLimit) return within(limit, minLimit, maxLimit);
  const next = gradient === 1 ? limit + room : limit + DECLINE * (limit * gradient + room - limit);
  return within(next, minLimit, maxLimit);
}

function within(limit: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, limit));
}
