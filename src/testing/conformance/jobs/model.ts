import type { Claim, ClaimRequest, Finish, Finished, JobEnd, JobState, NewJob } from "../../../core/jobs.js";

/** A job as the model knows it. */
export interface ModelJob extends NewJob {
  state: JobState;
  attempt: number;
  fence: number;
  cancelled: boolean;
  /** When it is due, while delayed; when its lease ends, while it runs. */
  at: number;
  deadlineAt: number;
  result: string | null;
  error: string | null;
}

/** Jobs of which it isn't said who comes first: they were due at the same moment. */
type Group = Set<ModelJob>;

/**
 * A store of jobs that is simple enough to be right: everything is looked for by looking at everything. It doesn't say
 * what is to be claimed, but whether what was claimed is right.
 */
export class JobModel {
  now = 0;
  readonly jobs = new Map<string, ModelJob>();
  readonly paused = new Set<string>();
  readonly ended = new Map<string, Record<JobEnd, number>>();
  /** By tool, oldest first. */
  readonly #queued = new Map<string, Group[]>();
  #fence = 0;

  of(tool: string, ...states: readonly JobState[]): ModelJob[] {
    return [...this.jobs.values()].filter((job) => job.tool === tool && states.includes(job.state));
  }

  enqueue(given: readonly NewJob[]): unknown {
    const fresh: ModelJob[] = [];
    const told: { id: string; duplicate: boolean }[] = [];
    for (const job of given) {
      const all = [...this.jobs.values(), ...fresh];
      const living = all.find(
        ({ state, tool, dedupe }) => tool === job.tool && dedupe !== "" && dedupe === job.dedupe && !over(state),
      );
      const same = all.find(({ id }) => id === job.id) ?? living;
      told.push({ id: same?.id ?? job.id, duplicate: same !== undefined });
      if (same !== undefined) continue;
      const waiting = all.filter(
        ({ tool, state, attempt }) => tool === job.tool && attempt === 0 && (state === "queued" || state === "delayed"),
      );
      if (job.maxQueued > 0 && waiting.length >= job.maxQueued)
        return { accepted: false, tool: job.tool, depth: waiting.length, maxQueued: job.maxQueued };
      fresh.push({
        ...job,
        state: job.delayMs > 0 ? "delayed" : "queued",
        attempt: 0,
        fence: 0,
        cancelled: false,
        at: this.now + job.delayMs,
        deadlineAt: job.deadlineMs > 0 ? this.now + job.deadlineMs : 0,
        result: null,
        error: null,
      });
    }
    for (const job of fresh) {
      this.jobs.set(job.id, job);
      if (job.state === "queued") this.#push([job]);
    }
    return { accepted: true, jobs: told };
  }

  /** What is wrong with a claim; nothing, where it is right. */
  claimed({ tools, max, leaseMs }: ClaimRequest, { jobs }: Claim): string[] {
    this.#lookAfter();
    const wrong: string[] = [];
    const had = new Map(tools.map(({ name, maxRunning }) => [name, this.#available(name, maxRunning)]));
    const most = [...had.values()].reduce((sum, n) => sum + n, 0);
    if (jobs.length !== Math.min(max, most)) wrong.push(`${jobs.length} were given of ${most}, ${max} asked for`);
    const open = [...had.values()].filter((n) => n > 0).length;
    for (const [name, n] of had) {
      const given = jobs.filter(({ tool }) => tool === name).length;
      if (given < Math.min(n, Math.floor(max / open)))
        wrong.push(`${name} got ${given} of ${n} where ${max} were given`);
    }
    for (const { id, tool, attempt, fence } of jobs) {
      const job = this.jobs.get(id);
      if (job === undefined || job.tool !== tool) {
        wrong.push(`${id} isn't there`);
        continue;
      }
      this.#expire(tool, job);
      if (!this.#queued.get(tool)?.[0]?.has(job)) wrong.push(`${id} was given before its turn, or twice`);
      this.#take(job);
      job.state = "running";
      job.attempt++;
      if (attempt !== job.attempt) wrong.push(`${id} is at attempt ${job.attempt}, not ${attempt}`);
      if (fence <= this.#fence) wrong.push(`the fence ${fence} is not greater than ${this.#fence}`);
      this.#fence = Math.max(this.#fence, fence);
      job.fence = fence;
      job.at = this.now + leaseMs;
    }
    return wrong;
  }

  /** Follows a store that has found out that a job's deadline has passed. */
  expired(id: string): boolean {
    const job = this.jobs.get(id);
    if (job?.state !== "queued" || job.deadlineAt === 0 || job.deadlineAt > this.now) return false;
    this.#take(job);
    this.#end(job, "expired");
    return true;
  }

  finish(end: Finish): Finished {
    const job = this.jobs.get(end.id);
    if (job?.state !== "running" || job.fence !== end.fence) return "lost";
    if (end.kind === "succeeded") {
      job.result = end.result;
      job.error = null;
      this.#end(job, "succeeded");
      return "kept";
    }
    if (end.kind !== "released") job.error = end.error;
    if (job.cancelled) this.#end(job, "cancelled");
    else if (end.kind === "released") {
      job.attempt--;
      job.state = "queued";
      this.#groups(job.tool).unshift(new Set([job]));
    } else if (end.kind === "failed") this.#end(job, "failed");
    else if (job.attempt >= job.attempts) this.#end(job, "dead");
    else if (end.delayMs > 0) {
      job.state = "delayed";
      job.at = this.now + end.delayMs;
    } else this.#push([job]);
    return "kept";
  }

  extend({ id, fence }: { readonly id: string; readonly fence: number }, leaseMs: number): string {
    const job = this.jobs.get(id);
    if (job?.state !== "running" || job.fence !== fence) return "lost";
    job.at = this.now + leaseMs;
    return job.cancelled ? "cancelled" : "kept";
  }

  cancel(id: string): string {
    const job = this.jobs.get(id);
    if (job === undefined) return "unknown";
    if (over(job.state)) return "ended";
    if (job.state === "running") {
      job.cancelled = true;
      return "requested";
    }
    if (job.state === "queued") this.#take(job);
    this.#end(job, "cancelled");
    return "cancelled";
  }

  /** All dead ones of a tool. */
  requeueDead(tool: string): number {
    const dead = this.of(tool, "dead");
    for (const job of dead) {
      job.attempt = 0;
      job.fence = 0;
      job.deadlineAt = 0;
      job.error = null;
      Object.assign(job, { dedupe: "" });
    }
    if (dead.length > 0) this.#push(dead);
    return dead.length;
  }

  /** All dead ones of a tool. */
  dropDead(tool: string): number {
    const dead = this.of(tool, "dead");
    for (const { id } of dead) this.jobs.delete(id);
    return dead.length;
  }

  /** Jobs of a tool that could be given out now. */
  #available(tool: string, maxRunning: number): number {
    if (this.paused.has(tool)) return 0;
    const waiting = this.of(tool, "queued").filter(
      ({ deadlineAt }) => deadlineAt === 0 || deadlineAt > this.now,
    ).length;
    return maxRunning === 0 ? waiting : Math.min(waiting, Math.max(0, maxRunning - this.of(tool, "running").length));
  }

  #lookAfter(): void {
    const due = (state: JobState) => {
      const found = [...this.jobs.values()].filter((job) => job.state === state && job.at <= this.now);
      const times = [...new Set(found.map(({ at }) => at))].sort((a, b) => a - b);
      return times.map((time) => found.filter(({ at }) => at === time));
    };
    for (const group of due("delayed")) this.#push(group);
    for (const group of due("running")) {
      const again: ModelJob[] = [];
      for (const job of group) {
        if (job.cancelled) this.#end(job, "cancelled");
        else if (job.attempt < job.attempts) again.push(job);
        else {
          job.error = "the lease ran out";
          this.#end(job, "dead");
        }
      }
      this.#push(again);
    }
  }

  /** Queues jobs of which it isn't said who comes first. */
  #push(group: readonly ModelJob[]): void {
    for (const tool of new Set(group.map((job) => job.tool))) {
      const own = group.filter((job) => job.tool === tool);
      for (const job of own) job.state = "queued";
      this.#groups(tool).push(new Set(own));
    }
  }

  /** Expires what stands before a job, as far as its time is over. */
  #expire(tool: string, until: ModelJob): void {
    for (const group of this.#groups(tool)) {
      if (group.has(until)) return;
      for (const job of [...group]) if (!this.expired(job.id)) return;
    }
  }

  #take(job: ModelJob): void {
    const groups = this.#groups(job.tool);
    for (const group of groups) group.delete(job);
    this.#queued.set(
      job.tool,
      groups.filter(({ size }) => size > 0),
    );
  }

  #end(job: ModelJob, state: JobEnd): void {
    job.state = state;
    job.cancelled = false;
    const counts = this.ended.get(job.tool) ?? { succeeded: 0, failed: 0, dead: 0, expired: 0, cancelled: 0 };
    counts[state]++;
    this.ended.set(job.tool, counts);
  }

  #groups(tool: string): Group[] {
    const groups = this.#queued.get(tool) ?? [];
    this.#queued.set(tool, groups);
    return groups;
  }
}

function over(state: JobState): boolean {
  return state !== "queued" && state !== "delayed" && state !== "running";
}
