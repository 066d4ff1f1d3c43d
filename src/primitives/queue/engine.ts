import type { Alarm } from "../../core/clock.js";
import { Deadlines } from "../../core/deadlines.js";
import type { Claim, ClaimRequest, Finish, Finished } from "../../core/jobs.js";
import { StoreFailure } from "../../core/store.js";
import { backoff } from "../retry/backoff.js";
import { ClaimedAhead } from "./ahead.js";
import type { QueueCore } from "./core.js";
import { Heartbeat } from "./heartbeat.js";
import { JobRun, type RunOwner } from "./job-run.js";
import { tellEnded } from "./telling.js";
import type { Handler, Tool } from "./tool.js";

/** How a worker goes about it. */
export interface EngineOptions {
  /** Jobs that run at a time. */
  readonly concurrency: () => number;
  /** Jobs that one claim asks for at most, where so many may run or be held ready. */
  readonly batch: (capacity: number) => number;
  /** The longest that it goes without asking. */
  readonly pollMs: () => number;
  /** Jobs that it runs in all. */
  readonly budget: number;
  /** Whether it ends when there is nothing to do. */
  readonly once: boolean;
}

/** Calls under way at a time: while one is, what ends meanwhile gathers for the next but one. */
const MOST_FLIGHTS = 2;
/** The first wait of an idle worker; it doubles up to `poll`. */
const SHORTEST_POLL_MS = 25;
/** The first wait after the store failed; it doubles up to `poll`, for it costs no more to ask than where there is nothing to do. */
const TROUBLE_BASE_MS = 100;
/** How long jobs of a kind are left to others that were written by a newer release. */
const ASIDE_MS = 5_000;
/** A store that answers at once would keep everything else from running: after so long, and so many answers, the rest has its turn. */
const TURN_MS = 8;
const TURN_ANSWERS = 64;

/**
 * Claims jobs, runs them and tells how they ended: all ends of one tick, and the claim of what is to run in their
 * place, in one call.
 */
export class JobEngine implements RunOwner {
  readonly core: QueueCore;
  readonly running = new Set<JobRun>();
  readonly #options: EngineOptions;
  readonly #heartbeat: Heartbeat;
  readonly #ahead: ClaimedAhead;
  readonly #timeouts = new Map<Tool, Deadlines>();
  /** Kinds of job that are left to others for some time, and until when. */
  readonly #aside = new Map<string, number>();
  #ends: JobRun[] = [];
  #flights = 0;
  #claims = 0;
  /** Jobs asked for and not had yet. */
  #asked = 0;
  #taken = 0;
  /** There may be something that no claim has seen yet. */
  #woken = true;
  /** The last claim got all that it asked for: there is more. */
  #more = false;
  #empties = 0;
  #troubles = 0;
  #poll: Alarm | undefined;
  /** While the store is left alone: it failed, or others have their turn. */
  #pause: Alarm | undefined;
  #answers = 0;
  #turnAt: number;
  #scheduled = false;
  #beginning = false;
  #stopping = false;
  #drained: (() => void)[] = [];
  readonly #pump = () => this.#run();

  constructor(core: QueueCore, options: EngineOptions) {
    this.core = core;
    this.#options = options;
    this.#heartbeat = new Heartbeat(core, this.running);
    this.#ahead = new ClaimedAhead(core.rt.clock, (run) => run.release("others may run it sooner"));
    this.#turnAt = core.rt.clock.monotonic();
    this.#schedule();
  }

  /** Jobs that it has claimed. */
  get taken(): number {
    return this.#taken;
  }

  /** Whether it claims no more. */
  get stopping(): boolean {
    return this.#stopping;
  }

  /** There may be something to do. */
  wake(): void {
    this.#woken = true;
    if (this.#wanted() > 0) this.#schedule();
  }

  /** Claims no more; what was claimed and has not begun is given back. */
  finish(): void {
    this.#stopping = true;
    this.#ahead.clear();
    this.#schedule();
  }

  /** Resolves once nothing runs and all ends are told. */
  idle(): Promise<void> {
    return this.#isIdle() ? Promise.resolve() : new Promise((resolve) => this.#drained.push(resolve));
  }

  /** Tells all that run to stop: their worker no longer waits. */
  abort(reason: unknown): void {
    for (const run of [...this.running]) {
      run.stopped = true;
      run.abort(reason);
    }
  }

  /** Leaves everything as it is: leases run out. */
  close(): void {
    this.#stopping = true;
    this.#heartbeat.stop();
    this.#poll?.cancel();
    this.#pause?.cancel();
    this.#pause = undefined;
    this.#ahead.clear();
  }

  ended(run: JobRun): void {
    if (this.running.delete(run)) this.#ahead.ran(run.durationMs);
    if (run.end === undefined) tellEnded(this.core, run, "lost");
    else this.#ends.push(run);
    this.#begin();
    this.#schedule();
  }

  newer(run: JobRun): void {
    const { clock } = this.core.rt;
    this.#aside.set(run.tool, clock.monotonic() + ASIDE_MS);
    run.release("written by a newer version");
  }

  timeouts(tool: Tool, ms: number): Deadlines {
    let list = this.#timeouts.get(tool);
    if (list?.ms !== ms) {
      list = new Deadlines(this.core.rt.clock, ms);
      this.#timeouts.set(tool, list);
    }
    return list;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(this.#pump);
  }

  #run(): void {
    this.#scheduled = false;
    while (this.#pause === undefined && this.#flights < MOST_FLIGHTS) {
      const ends = this.#ends;
      const want = this.#wanted();
      // Who has much to fetch has one answer on its way while another is worked off.
      const asks = want > 0 && (this.#more || (this.#woken && this.#claims === 0));
      if (ends.length === 0 && !asks) break;
      this.#ends = [];
      this.#send(ends, want);
    }
    this.#rest();
  }

  /** How many more jobs it could run. */
  #wanted(): number {
    if (this.#stopping) return 0;
    const { concurrency, batch, budget, once } = this.#options;
    const width = concurrency();
    const ahead = once ? 0 : this.#ahead.wanted(width);
    const room = width + ahead - this.running.size - this.#ahead.size - this.#asked;
    return Math.max(0, Math.min(batch(width + ahead), room, budget - this.#taken - this.#asked));
  }

  #send(ends: readonly JobRun[], want: number): void {
    const { core } = this;
    const { retention } = core.config.value;
    const sentAt = core.rt.clock.monotonic();
    const request = want > 0 ? this.#request(want, sentAt) : undefined;
    this.#flights++;
    if (request !== undefined) {
      this.#asked += want;
      this.#claims++;
      this.#woken = false;
      this.#poll?.cancel();
      this.#poll = undefined;
    }
    const answer =
      ends.length === 0 && request !== undefined
        ? core.ask("claim", (jobs, call) => jobs.claim(request, call))
        : core.ask("finish", (jobs, call) => jobs.finish(ends.map(endOf), retention, request, call));
    const settle = (settled: Awaited<typeof answer>): void => {
      this.#flights--;
      this.#ahead.asked(core.rt.clock.monotonic() - sentAt);
      if (request !== undefined) {
        this.#asked -= want;
        this.#claims--;
      }
      if (settled instanceof StoreFailure) this.#failed(settled, ends);
      else {
        this.#troubles = 0;
        if ("jobs" in settled) this.#take(settled, sentAt, want);
        else {
          this.#tell(ends, settled.finished);
          if (settled.claim !== undefined) this.#take(settled.claim, sentAt, want);
        }
      }
    };
    if (answer instanceof Promise) {
      void answer.then((settled) => {
        settle(settled);
        this.#run();
      });
      return;
    }
    settle(answer);
    this.#yield();
  }

  #request(max: number, now: number): ClaimRequest {
    const { handlers, config } = this.core;
    const { tools: settings, leaseMs, scan, retention } = config.value;
    const tools: { readonly name: string; readonly maxRunning: number }[] = [];
    for (const name of handlers.tools()) {
      const aside = this.#aside.get(name);
      if (aside !== undefined && aside > now) continue;
      this.#aside.delete(name);
      tools.push({ name, maxRunning: settings.get(name)?.maxRunning ?? 0 });
    }
    return { tools, max, leaseMs, scan, retention };
  }

  #take({ jobs, now, nextMs }: Claim, sentAt: number, want: number): void {
    this.#taken += jobs.length;
    this.#more = jobs.length >= want;
    if (jobs.length === 0) {
      if (this.#options.once) this.#stopping = true;
      this.#empties++;
      this.#sleep(nextMs);
      return;
    }
    this.#empties = 0;
    if (!this.#more) this.#sleep(nextMs);
    const { core } = this;
    const takenAt = core.rt.clock.monotonic();
    // A process that was held up finds an answer that is long out of date: others may have these jobs by now.
    const late = takenAt - sentAt >= core.config.value.leaseMs;
    for (const job of jobs) {
      const tool = core.tools.get(job.tool) as Tool;
      const until = job.deadlineAt === 0 ? Infinity : sentAt + job.deadlineAt - now;
      const run = new JobRun(this, job, tool, core.settings(job.tool), sentAt, until);
      if (late) run.release("the answer came too late");
      else this.#ahead.add(run, now - job.dueAt, takenAt);
    }
    // Claimed before it was to stop, and come after.
    if (this.#stopping && !this.#options.once) this.#ahead.clear();
    else this.#begin();
  }

  /** Begins what was claimed, as far as there is room. */
  #begin(): void {
    // A run that ends at once comes back here: it is the loop that goes on.
    if (this.#beginning) return;
    this.#beginning = true;
    const { core } = this;
    const width = this.#options.concurrency();
    while (this.#ahead.size > 0 && this.running.size < width) {
      const now = core.rt.clock.monotonic();
      const { run, waitedMs } = this.#ahead.next(now) as NonNullable<ReturnType<ClaimedAhead["next"]>>;
      this.running.add(run);
      run.begin(core.handlers.get(run.tool) as Handler, waitedMs, now);
    }
    this.#beginning = false;
    this.#ahead.watch();
    if (this.running.size > 0) this.#heartbeat.watch();
  }

  #tell(ends: readonly JobRun[], finished: readonly Finished[]): void {
    for (const [i, run] of ends.entries()) tellEnded(this.core, run, finished[i] ?? "lost");
  }

  /** Ends that couldn't be told are told again until their lease is over: they are fenced, so it does no harm. */
  #failed({ applied }: StoreFailure, ends: readonly JobRun[]): void {
    const { rt, config } = this.core;
    const now = rt.clock.monotonic();
    for (const run of ends) {
      if (applied === "unknown") run.resent = true;
      if (now - run.leasedAt < config.value.leaseMs) this.#ends.push(run);
      else {
        run.resent = false;
        tellEnded(this.core, run, "lost");
      }
    }
    this.#troubles++;
    this.#woken = true;
    if (this.#options.once) this.#stopping = true;
    const most = Math.max(TROUBLE_BASE_MS, this.#options.pollMs());
    const wait = backoff("full", TROUBLE_BASE_MS, most, this.#troubles, 0, rt.random);
    this.#pauseFor(TROUBLE_BASE_MS / 2 + wait);
  }

  #yield(): void {
    if (++this.#answers < TURN_ANSWERS) return;
    const now = this.core.rt.clock.monotonic();
    if (now - this.#turnAt > TURN_MS) this.#pauseFor(0);
    this.#answers = 0;
    this.#turnAt = now;
  }

  #pauseFor(ms: number): void {
    this.#pause?.cancel();
    this.#pause = this.core.rt.clock.alarm(
      ms,
      () => {
        this.#pause = undefined;
        this.#run();
      },
      "background",
    );
  }

  /** Asks again when something falls due, or else after a while that grows. */
  #sleep(nextMs: number | null): void {
    const { clock, random } = this.core.rt;
    const { pollMs } = this.#options;
    const most = Math.min(pollMs(), SHORTEST_POLL_MS * 2 ** Math.min(this.#empties, 30));
    // Half of it is by chance: workers that began together don't ask together.
    const wait = most * (0.5 + random() / 2);
    // What is due and isn't given out is at a cap, or looked after by the next claims: that is no reason to hurry.
    const due = nextMs === null ? Infinity : Math.max(nextMs, most / SHORTEST_POLL_MS);
    this.#poll?.cancel();
    this.#poll = clock.alarm(
      Math.min(wait, due),
      () => {
        this.#poll = undefined;
        this.wake();
      },
      "background",
    );
  }

  #rest(): void {
    if (!this.#isIdle()) {
      // Slots are free, and nothing under way tells of jobs: time does.
      if (this.#poll === undefined && this.#claims === 0 && this.#pause === undefined && this.#wanted() > 0)
        this.#sleep(null);
      return;
    }
    this.#heartbeat.stop();
    this.#poll?.cancel();
    const drained = this.#drained;
    this.#drained = [];
    for (const resolve of drained) resolve();
  }

  #isIdle(): boolean {
    const { budget } = this.#options;
    return (
      (this.#stopping || this.#taken >= budget) &&
      this.running.size === 0 &&
      this.#ahead.size === 0 &&
      this.#ends.length === 0 &&
      this.#flights === 0
    );
  }
}

function endOf({ end }: JobRun): Finish {
  return end as Finish;
}
