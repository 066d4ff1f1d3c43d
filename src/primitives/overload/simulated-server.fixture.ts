/** A server of one event loop in virtual time, and those who call it. */
import type { Alarm, Clock } from "../../core/clock.js";
import type { Gate } from "../../core/front-door.js";
import { seeded } from "../../core/seeded.js";

/** A clock as an event loop has it: time passes while code runs, and timers ring between two turns only. */
export class LoopClock implements Clock {
  #now = 0;
  readonly #alarms = new Map<Alarm, { readonly due: number; readonly ring: () => void }>();

  monotonic(): number {
    return this.#now;
  }

  wall(): number {
    return this.#now;
  }

  alarm(ms: number, ring: () => void): Alarm {
    const alarm: Alarm = {
      cancel: () => void this.#alarms.delete(alarm),
      hold: () => undefined,
      release: () => undefined,
    };
    this.#alarms.set(alarm, { due: this.#now + ms, ring });
    return alarm;
  }

  /** Code runs for so long. */
  burn(ms: number): void {
    this.#now += ms;
  }

  /** A turn begins: what is overdue rings. */
  turn(): void {
    for (const [alarm, { due, ring }] of [...this.#alarms]) {
      if (due > this.#now || !this.#alarms.delete(alarm)) continue;
      ring();
    }
  }

  /** When the next timer is due. */
  get next(): number {
    return Math.min(Infinity, ...[...this.#alarms.values()].map(({ due }) => due));
  }

  /** Nothing happens until then. */
  idle(until: number): void {
    this.#now = Math.max(this.#now, until);
  }
}

/** Requests of one kind, that come at random. */
export interface Flow {
  readonly gate: Gate | undefined;
  /** Requests a second, at a moment in milliseconds. */
  readonly rate: (at: number) => number;
  /** What one takes of the processor. */
  readonly cpuMs: number;
  /** What one waits for, without keeping the processor busy; by how many wait at the same time. */
  readonly waitMs?: (others: number) => number;
}

/** What came of the requests of a flow that came between two moments. */
export interface Told {
  readonly came: number;
  readonly good: number;
  readonly refused: number;
  /** Milliseconds of the slowest good answer. */
  readonly slowest: number;
}

/** What a refusal costs. */
const REFUSAL_MS = 0.05;
const DEADLINE_MS = 500;

interface Event {
  readonly at: number;
  readonly run: () => void;
}

/** Runs a server for `lastsMs`; how it went is then asked for by stretches of time. */
export function simulated(clock: LoopClock, flows: readonly Flow[], lastsMs: number, seed = 1) {
  const random = seeded(seed);
  const log: { flow: number; at: number; took: number; ok: boolean }[] = [];
  const events: Event[] = flows.flatMap((flow, index) => {
    const arrivals: Event[] = [];
    const pause = (at: number) => (-Math.log(1 - random()) / flow.rate(at)) * 1000;
    for (let at = pause(0); at < lastsMs; at += pause(at)) arrivals.push({ at, run: () => arrive(flow, index, at) });
    return arrivals;
  });
  events.sort((a, b) => a.at - b.at);
  let waiting = 0;

  const later = (at: number, run: () => void) => {
    const index = events.findIndex((other) => other.at > at);
    events.splice(index === -1 ? events.length : index, 0, { at, run });
  };
  const arrive = ({ gate, cpuMs, waitMs }: Flow, flow: number, at: number) => {
    const began = clock.monotonic();
    if (gate?.enter(began) !== undefined) {
      clock.burn(REFUSAL_MS);
      log.push({ flow, at, took: 0, ok: false });
      return;
    }
    const work = () => {
      clock.burn(cpuMs);
      const now = clock.monotonic();
      gate?.leave(now, now - began);
      log.push({ flow, at, took: now - at, ok: true });
    };
    if (waitMs === undefined) {
      work();
      return;
    }
    waiting++;
    later(began + waitMs(waiting), () => {
      waiting--;
      work();
    });
  };

  while (events.length > 0) {
    clock.turn();
    // What is ready when the turn begins is what it does; what comes meanwhile is the next one's.
    const begins = clock.monotonic();
    const ready = events.findIndex(({ at }) => at > begins);
    for (const { run } of events.splice(0, ready === -1 ? events.length : ready)) run();
    const next = Math.min(events[0]?.at ?? Infinity, clock.next);
    if (Number.isFinite(next)) clock.idle(next);
  }

  return (flow: number, from: number, to: number): Told => {
    const mine = log.filter((one) => one.flow === flow && one.at >= from && one.at < to);
    const good = mine.filter(({ ok, took }) => ok && took <= DEADLINE_MS);
    return {
      came: mine.length,
      good: good.length,
      refused: mine.filter(({ ok }) => !ok).length,
      slowest: Math.max(0, ...good.map(({ took }) => took)),
    };
  };
}
