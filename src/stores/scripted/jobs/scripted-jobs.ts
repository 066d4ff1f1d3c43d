import type { Deadlines } from "../../../core/deadlines.js";
import type {
  Cancelled,
  Claim,
  ClaimRequest,
  Enqueued,
  Extended,
  Finish,
  Finished,
  JobListener,
  JobRecord,
  JobRetention,
  JobStore,
  NewJob,
  ToolStats,
} from "../../../core/jobs.js";
import { type Outcome, type StoreCall, StoreFailure } from "../../../core/store.js";
import { Due } from "../due.js";
import { evaluate, type Sending } from "../evaluate.js";
import { failureOf } from "../failure.js";
import { Rounds } from "../rounds.js";
import { type Script, script } from "../script.js";
import { slotOf } from "../slot.js";
import { textOf } from "../twins/text.js";
import { Wait } from "../wait.js";
import { JOB_SCRIPTS } from "./lua.js";
import {
  claimArgs,
  claimOf,
  enqueuedOf,
  jobArgs,
  notesOf,
  type ReadText,
  recordOf,
  retentionArgs,
  statsOf,
} from "./wire.js";

/** What a queue's jobs need of the store that they are in. */
export interface JobRoom {
  readonly sending: Sending;
  readonly closed: boolean;
  /** Those of a call, or the store's. */
  deadlines(call: StoreCall | undefined): Deadlines;
  monotonic(): number;
  /** Milliseconds of the time that jobs go by: the one that was brought, or monotonic. */
  time(): number;
}

type ScriptName = keyof typeof JOB_SCRIPTS;

/** In the order in which the scripts expect them. */
const KEYS = ["meta", "payload", "result", "queued", "delayed", "running", "ended", "dead", "dedupe", "counts"];
/** Jobs in one script call, but for those that have to go together. */
const MOST_JOBS = 128;
/** Jobs claimed or ended in one call: Lua hands a function no more values than some thousands. */
const MOST_AT_ONCE = 1_000;

/** How often claims look after what is due, lost or late: as much later may a delayed job begin. */
const LOOK_EVERY_MS = 10;

/** Those who wait for their jobs to be taken in. */
interface Enqueuing {
  readonly jobs: readonly NewJob[];
  readonly wait: Wait<Enqueued>;
  readonly due: Due;
  readonly deadlineMs: number;
}

/** The jobs of one queue, in one slot. */
export class ScriptedJobs implements JobStore {
  readonly #room: JobRoom;
  readonly #keys: readonly string[];
  readonly #slot: number;
  readonly #ready: string;
  readonly #ended: string;
  /** What scripts have to know of the way to the server. */
  readonly #way: string;
  readonly #read: ReadText;
  readonly #scripts = new Map<ScriptName, Script>();
  readonly listen?: (listener: JobListener) => Promise<() => void>;
  #enqueuing: Enqueuing[] = [];
  #lookAt = Number.NEGATIVE_INFINITY;
  readonly #rounds = new Rounds(() => this.#flush());

  /** @param base what its keys begin with, the hash tag included */
  constructor(room: JobRoom, base: string) {
    this.#room = room;
    this.#keys = KEYS.map((key) => `${base}:${key}`);
    const { channels, cluster, rest } = room.sending.link;
    this.#slot = cluster ? slotOf(base) : 0;
    this.#ready = channels === undefined ? "" : `${base}:ready`;
    this.#ended = channels === undefined ? "" : `${base}:over`;
    this.#way = rest === true ? "rest" : cluster ? "cluster" : "";
    this.#read = rest === true ? textOf : (value) => value as string;
    if (channels !== undefined) this.listen = (listener) => this.#listen(listener);
  }

  /** What waits in the same tick is one script call. */
  enqueue(jobs: readonly NewJob[], call?: StoreCall): Promise<Outcome<Enqueued>> {
    const wait = new Wait<Enqueued>(call);
    if (this.#refused(wait, call)) return wait.answer;
    const deadlines = this.#room.deadlines(call);
    const due = new Due(deadlines, this.#room.monotonic());
    due.add(wait);
    // From here on nobody takes it back: who gives up meanwhile doesn't know whether it was done.
    wait.sent = true;
    this.#enqueuing.push({ jobs, wait, due, deadlineMs: deadlines.ms });
    this.#rounds.add();
    return wait.answer;
  }

  claim(request: ClaimRequest, call?: StoreCall): Promise<Outcome<Claim>> {
    return this.#run("claim", this.#claimArgs(request), (reply) => this.#claimed(reply as unknown[]), call);
  }

  async finish(
    ends: readonly Finish[],
    retention: JobRetention,
    next?: ClaimRequest,
    call?: StoreCall,
  ): Promise<Outcome<{ readonly finished: readonly Finished[]; readonly claim: Claim | undefined }>> {
    const finished: Finished[] = [];
    for (let from = 0; ; from += MOST_AT_ONCE) {
      const some = ends.slice(from, from + MOST_AT_ONCE);
      const last = from + MOST_AT_ONCE >= ends.length;
      const args = [...retentionArgs(retention), String(some.length)];
      for (const end of some)
        args.push(
          end.id,
          String(end.fence),
          end.kind,
          end.kind === "retry" ? String(end.delayMs) : "0",
          end.kind === "succeeded" ? end.result : end.kind === "released" ? "" : end.error,
        );
      if (last && next !== undefined) args.push(...this.#claimArgs(next));
      const outcome = await this.#run("finish", args, (reply) => reply as [number[], unknown[]], call);
      if (outcome instanceof StoreFailure) return outcome;
      const [kept, claimed] = outcome;
      finished.push(...kept.map((one): Finished => (one === 1 ? "kept" : "lost")));
      if (last) return { finished, claim: next === undefined ? undefined : this.#claimed(claimed) };
    }
  }

  extend(
    leases: readonly { readonly id: string; readonly fence: number }[],
    leaseMs: number,
    call?: StoreCall,
  ): Promise<Outcome<readonly Extended[]>> {
    const args = [String(leaseMs), ...leases.flatMap(({ id, fence }) => [id, String(fence)])];
    const told: readonly Extended[] = ["lost", "kept", "cancelled"];
    return this.#run("extend", args, (reply) => (reply as number[]).map((one) => told[one] as Extended), call);
  }

  async cancel(id: string, retention: JobRetention, call?: StoreCall): Promise<Cancelled | StoreFailure> {
    const told: readonly Cancelled[] = ["unknown", "cancelled", "requested", "ended"];
    const args = [id, ...retentionArgs(retention)];
    const outcome = await this.#run("cancel", args, (reply) => ({ is: told[reply as number] as Cancelled }), call);
    return outcome instanceof StoreFailure ? outcome : outcome.is;
  }

  get(id: string, call?: StoreCall): Promise<Outcome<JobRecord | { readonly state: "unknown" }>> {
    return this.#run("get", [id], (reply) => recordOf(id, reply as unknown[], this.#read), call);
  }

  stats(call?: StoreCall): Promise<Outcome<{ readonly tools: Readonly<Record<string, ToolStats>> }>> {
    return this.#run("stats", [], (reply) => statsOf(reply as unknown[][], this.#read), call);
  }

  cleanup(max: number, call?: StoreCall): Promise<Outcome<{ readonly removed: number }>> {
    const args = [String(Math.min(max, MOST_AT_ONCE))];
    return this.#run("cleanup", args, (reply) => ({ removed: reply as number }), call);
  }

  requeueDead(
    tool: string | undefined,
    max: number,
    call?: StoreCall,
  ): Promise<Outcome<{ readonly requeued: number }>> {
    const args = [tool ?? "", String(Math.min(max, MOST_AT_ONCE))];
    return this.#run("requeue", args, (reply) => ({ requeued: reply as number }), call);
  }

  dropDead(tool: string | undefined, max: number, call?: StoreCall): Promise<Outcome<{ readonly dropped: number }>> {
    const args = [tool ?? "", String(Math.min(max, MOST_AT_ONCE))];
    return this.#run("drop", args, (reply) => ({ dropped: reply as number }), call);
  }

  pause(tool: string, paused: boolean, call?: StoreCall): Promise<Outcome<{ readonly paused: boolean }>> {
    return this.#run("pause", [tool, paused ? "1" : "0"], () => ({ paused }), call);
  }

  #claimed(values: readonly unknown[]): Claim {
    const claim = claimOf(values, this.#read);
    if (claim.nextMs !== null) this.#lookAt = Math.min(this.#lookAt, this.#room.time() + claim.nextMs);
    return claim;
  }

  /** A busy worker claims thousands of times a second: what is due, or lost, is looked after now and then. */
  #claimArgs(request: ClaimRequest): string[] {
    const now = this.#room.time();
    const looks = now >= this.#lookAt;
    if (looks) this.#lookAt = now + LOOK_EVERY_MS;
    const max = Math.min(request.max, MOST_AT_ONCE);
    return claimArgs({ ...request, max, scan: looks ? Math.max(1, request.scan) : 0 });
  }

  async #listen({ ready, ended }: JobListener): Promise<() => void> {
    const { channels } = this.#room.sending.link;
    if (channels === undefined) return () => undefined;
    const ends: (() => void)[] = [];
    // What was missed while there was no connection may have been anything.
    if (ready !== undefined) ends.push(await channels.subscribe(this.#ready, () => ready(), ready));
    if (ended !== undefined)
      ends.push(
        await channels.subscribe(this.#ended, (message) => {
          for (const note of notesOf(message)) ended(note);
        }),
      );
    return () => {
      for (const end of ends) end();
    };
  }

  /** Sends what was enqueued in this tick, in calls of some size. */
  #flush(): void {
    const waiting = this.#enqueuing;
    this.#enqueuing = [];
    let some: Enqueuing[] = [];
    let size = 0;
    for (const one of waiting) {
      if (size > 0 && size + one.jobs.length > MOST_JOBS) {
        void this.#enqueueAll(some);
        some = [];
        size = 0;
      }
      some.push(one);
      size += one.jobs.length;
    }
    if (some.length > 0) void this.#enqueueAll(some);
  }

  async #enqueueAll(all: readonly Enqueuing[]): Promise<void> {
    const args = [String(all.length), ...all.flatMap(({ jobs }) => jobArgs(jobs))];
    const reply = await this.#sent("enqueue", args, Math.max(...all.map(({ deadlineMs }) => deadlineMs)));
    for (const [i, { jobs, wait, due }] of all.entries()) {
      due.done();
      wait.settle(
        reply instanceof StoreFailure
          ? reply
          : decoded((reply as unknown[])[i], (one) => enqueuedOf(one, jobs, this.#read)),
      );
    }
  }

  async #run<T extends object>(
    name: ScriptName,
    args: readonly string[],
    decode: (reply: unknown) => T,
    call: StoreCall | undefined,
  ): Promise<Outcome<T>> {
    const wait = new Wait<T>(call);
    if (this.#refused(wait, call)) return wait.answer;
    const due = new Due(this.#room.deadlines(call), this.#room.monotonic());
    due.add(wait);
    wait.sent = true;
    void this.#sent(name, args, this.#room.deadlines(call).ms).then((reply) => {
      due.done();
      wait.settle(reply instanceof StoreFailure ? reply : decoded(reply, decode));
    });
    return wait.answer;
  }

  /** Whether it is settled already: closed, given up, no connection. */
  #refused<T extends object>(wait: Wait<T>, call: StoreCall | undefined): boolean {
    if (call?.signal?.aborted) wait.expire();
    else if (this.#room.closed || !this.#room.sending.link.ready()) wait.settle(new StoreFailure("unavailable", "no"));
    else return false;
    return true;
  }

  async #sent(name: ScriptName, args: readonly string[], deadlineMs: number): Promise<unknown> {
    const { sending } = this.#room;
    const { link, silence } = sending;
    if (!link.ready() || !silence.ask(this.#slot, deadlineMs)) return new StoreFailure("unavailable", "no");
    let known = this.#scripts.get(name);
    if (known === undefined) {
      known = script(JOB_SCRIPTS[name]);
      this.#scripts.set(name, known);
    }
    try {
      return await evaluate(sending, known, this.#keys, [sending.now(), this.#ready, this.#ended, this.#way, ...args]);
    } catch (error) {
      return failureOf(error);
    } finally {
      silence.heard(this.#slot);
    }
  }
}

/** What is no answer of these scripts is a failure, too. */
function decoded<R, T extends object>(reply: R, decode: (reply: R) => T): Outcome<T> {
  try {
    return decode(reply);
  } catch (error) {
    return new StoreFailure("unavailable", "unknown", error);
  }
}
