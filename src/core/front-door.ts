import type { Clock } from "./clock.js";
import type { Priority } from "./context.js";

/** Decides who is let in while there is more to do than can be done. Endpoints ask it before anything else. */
export interface FrontDoor {
  /** The way in for calls of one kind: the same one for the same name. */
  gate(name: string, priority: Priority): Gate;
}

/** The way in for calls of one kind: those of an endpoint. */
export interface Gate {
  /**
   * Asks to be let in. Who is must {@link leave}.
   *
   * @param now monotonic
   * @param waitedMs how long it has waited to be asked for, where that is known; else it is as long as the event loop
   * is late
   * @returns milliseconds after which to come back, when refused; `undefined`: let in
   */
  enter(now: number, waitedMs?: number): number | undefined;
  /**
   * A call has ended.
   *
   * @param tookMs how long its work took; `undefined` where that says nothing about how busy the service is (it was
   * refused before its work began, broke off, failed)
   */
  leave(now: number, tookMs: number | undefined): void;
}

/** Measures how late the event loop is. */
export interface LoopDelay {
  /** A request came, or is to be decided about: answers how late the loop is at this moment, in milliseconds. */
  lateMs(now: number): number;
  /** Stops measuring. */
  stop(): void;
}

/**
 * Begins to measure how late the event loop is, if there is one that can be measured: `eventLoopDelay()` of
 * `keelson/node`.
 *
 * @param heard to be told how late each measurement came; `now` is monotonic
 */
export type LoopDelaySource = (clock: Clock, heard: (now: number, lateMs: number) => void) => LoopDelay;
