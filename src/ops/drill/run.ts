import { monitorEventLoopDelay } from "node:perf_hooks";
import { BatchWriter, type Sink } from "./batch.js";
import type { Connections } from "./connections.js";
import { Exchange, type Exchanges } from "./exchange.js";
import type { Lane } from "./lane.js";
import { dueAt, type Interleave, type OpenLoad, type PlannedStage } from "./schedule.js";
import { countsOf, firstOf, type Share, shareOf } from "./share.js";
import { UnderWay } from "./under-way.js";

/** What a stage came to, beside the requests that were sent. */
export interface StageRun {
  /** Arrivals that were due, by lane. */
  readonly due: readonly number[];
  /** Those of them that were not sent by the stage's end, by lane. */
  readonly unsent: readonly number[];
  /** Those of the unsent that the limit on requests under way held back: the service kept them waiting, not this process. */
  readonly heldBack: number;
}

/** What a run came to, beside the requests. */
export interface RunResult {
  readonly stages: readonly StageRun[];
  /** 99th percentile and maximum of how late this thread's event loop was. */
  readonly loopDelayP99Ms: number;
  readonly loopDelayMaxMs: number;
}

/** What a run has from the load that it belongs to. */
export interface RunParts {
  readonly lanes: readonly Lane[];
  readonly connections: readonly Connections[];
  readonly interleave: Interleave;
  readonly plan: readonly PlannedStage[];
  readonly share: Share;
  readonly sink: Sink;
  readonly signal: AbortSignal;
  /** When it begins, by `performance.now()`. */
  readonly start: number;
  /** Counts a lane's requests. */
  nextIndex(lane: number): number;
}

/** How often what has ended is handed on. */
const FLUSH_MS = 200;
/** Timers ring up to 2 ms late: that near to an arrival the loop asks again and again instead. */
const SPIN_MS = 2;
/** So late it is when other processes have this core: asking again and again would make them have it more often. */
const LATE_MS = 5;
const CALM_MS = 250;
/** After a delay much is due: sent in parts, it goes over connections that are free again, not over as many new ones. */
const AT_ONCE = 32;
const DELAY_RESOLUTION_MS = 10;

/**
 * Runs stages: sends each request when it is due, and notes how it ended. Nothing waits for an answer but the stage's own
 * limit: an arrival that it holds back keeps its time, and what it waited counts.
 */
export class Run implements Exchanges {
  readonly #parts: RunParts;
  readonly #batch: BatchWriter;
  readonly #underWay: readonly UnderWay[];
  #inFlight = 0;
  #sending = false;
  /** Goes on with the present stage, when a request ended. */
  #goOn: (stage: number, now: number) => void = nothing;
  #end: () => void = nothing;
  /** A request can't be made: what ends the run. */
  #failure: unknown;

  constructor(parts: RunParts) {
    this.#parts = parts;
    this.#batch = new BatchWriter(parts.sink);
    this.#underWay = parts.lanes.map(({ timeoutMs }) => new UnderWay(timeoutMs, () => this.now()));
  }

  now(): number {
    return performance.now() - this.#parts.start;
  }

  /** @throws what a payload generator or a template throws */
  async whole(): Promise<RunResult> {
    const { signal, plan } = this.#parts;
    const delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
    const flushing = setInterval(() => this.#batch.flush(this.#inFlight), FLUSH_MS);
    const abort = () => this.#abort();
    signal.addEventListener("abort", abort, { once: true });
    const stages: StageRun[] = [];
    try {
      await this.#until(0);
      delay.enable();
      for (const [at, stage] of plan.entries()) {
        if (this.#over) break;
        stages.push(await (stage.load.kind === "open" ? this.#open(at, stage, stage.load) : this.#closed(at, stage)));
      }
      this.#goOn = nothing;
      if (this.#inFlight > 0 && !this.#over)
        await new Promise<void>((resolve) => {
          this.#end = resolve;
          this.#goOn = () => {
            if (this.#inFlight === 0) resolve();
          };
        });
    } finally {
      delay.disable();
      clearInterval(flushing);
      signal.removeEventListener("abort", abort);
      for (const lane of this.#underWay) lane.close();
      this.#batch.flush(this.#inFlight);
    }
    if (this.#failure !== undefined) throw this.#failure;
    const late = (ns: number) => Math.max(0, ns / 1e6 - DELAY_RESOLUTION_MS);
    return { stages, loopDelayP99Ms: late(delay.percentile(99)), loopDelayMaxMs: late(delay.max) };
  }

  ended(exchange: Exchange, outcome: number, reason: string | undefined, done: number): void {
    const { laneAt, stage, due, sent } = exchange;
    this.#inFlight--;
    this.#underWay[laneAt]?.remove(exchange);
    this.#batch.add(stage, laneAt, outcome, due, sent, done);
    if (reason !== undefined) this.#batch.because(laneAt, outcome, reason);
    if (this.#batch.full) this.#batch.flush(this.#inFlight);
    // What fails before it is sent must not send the next from inside, and so on without end.
    if (this.#sending) setImmediate(() => this.#goOn(stage, this.now()));
    else this.#goOn(stage, done);
  }

  get #over(): boolean {
    return this.#parts.signal.aborted || this.#failure !== undefined;
  }

  #abort(): void {
    this.#goOn = nothing;
    for (const lane of this.#underWay) lane.abort();
    this.#end();
  }

  #send(stage: number, laneAt: number, due: number | undefined): void {
    const lane = this.#parts.lanes[laneAt] as Lane;
    this.#sending = true;
    try {
      const outgoing = lane.request(this.#parts.nextIndex(laneAt));
      const sent = this.now();
      const connections = this.#parts.connections[laneAt] as Connections;
      const exchange = new Exchange(this, connections, lane, laneAt, stage, due ?? sent, sent);
      this.#underWay[laneAt]?.add(exchange);
      this.#inFlight++;
      exchange.send(outgoing);
    } catch (error) {
      this.#failure ??= error;
      this.#abort();
    } finally {
      this.#sending = false;
    }
  }

  /** Sends what is due, and says what was not sent in time. */
  async #open(at: number, stage: PlannedStage, load: OpenLoad): Promise<StageRun> {
    const { share, interleave, lanes } = this.#parts;
    const most = shareOf(load.maxInFlight, share);
    const first = firstOf(load.first, share);
    let next = first;
    let due = dueAt(stage, load, next);
    const sendDue = (now: number, atOnce = AT_ONCE) => {
      for (
        let left = atOnce;
        left > 0 && due <= now && next < load.end && this.#inFlight < most && !this.#over;
        left--
      ) {
        this.#send(at, interleave.pick(next), due);
        next += share.of;
        due = dueAt(stage, load, next);
      }
    };
    const atLimit = () => this.#inFlight >= most;
    await new Promise<void>((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      let immediate: NodeJS.Immediate | undefined;
      let spinFrom = 0;
      let held = false;
      this.#end = () => {
        clearTimeout(timer);
        clearImmediate(immediate);
        resolve();
      };
      const tick = () => {
        const now = this.now();
        if (now - due > LATE_MS && next < load.end && !held) spinFrom = now + CALM_MS;
        sendDue(now, now >= stage.to ? Infinity : AT_ONCE);
        if (now >= stage.to || this.#over) return this.#end();
        // At the limit there is nothing to wait for but an answer, and the end.
        held = atLimit();
        const until = next < load.end && !held ? Math.min(due, stage.to) : stage.to;
        const wait = until - this.now();
        if (wait > SPIN_MS || (wait > 0 && now < spinFrom)) timer = setTimeout(tick, Math.max(1, Math.floor(wait - 1)));
        else immediate = setImmediate(tick);
      };
      this.#goOn = (_, now) => {
        if (!held) return sendDue(now);
        clearTimeout(timer);
        clearImmediate(immediate);
        tick();
      };
      tick();
    });
    this.#goOn = nothing;
    // Of a stage that was cut short nobody knows what it would have sent.
    const end = this.#over ? next : load.end;
    const unsent = countsOf(next, end, share.of, interleave, lanes.length);
    return {
      due: countsOf(first, end, share.of, interleave, lanes.length),
      unsent,
      heldBack: this.#inFlight >= most ? unsent.reduce((sum, count) => sum + count, 0) : 0,
    };
  }

  /** So many requests at a time, the next as soon as one is answered. */
  async #closed(at: number, stage: PlannedStage): Promise<StageRun> {
    const { share, interleave, lanes } = this.#parts;
    const due = lanes.map(() => 0);
    let next = share.at;
    const send = () => {
      const lane = interleave.pick(next);
      next += share.of;
      due[lane] = (due[lane] as number) + 1;
      this.#send(at, lane, undefined);
    };
    this.#goOn = (of, now) => {
      if (of === at && now < stage.to && !this.#over) send();
    };
    const clients = stage.load.kind === "closed" ? shareOf(stage.load.concurrency, share) : 0;
    for (let client = 0; client < clients && !this.#over; client++) send();
    await this.#until(stage.to);
    this.#goOn = nothing;
    return { due, unsent: lanes.map(() => 0), heldBack: 0 };
  }

  /** Until a time since the start, or the end of all. */
  #until(time: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#over) return resolve();
      const timer = setTimeout(() => this.#end(), Math.max(0, time - this.now()));
      this.#end = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function nothing(): void {
  // Between stages, nobody goes on.
}
