import type {
  Cancelled,
  Claim,
  ClaimRequest,
  Enqueued,
  Extended,
  Finish,
  Finished,
  JobRecord,
  JobRetention,
  JobStore,
  NewJob,
  ToolStats,
} from "../../core/jobs.js";
import { type Outcome, StoreFailure } from "../../core/store.js";
import { longer } from "../../core/utf8.js";
import type { KeelsonComponent, MutationPlace, QueryPlace } from "./ctx.js";
import type { WireClaim, WireClaimRequest } from "./server/jobs/validators.js";
import { stored, unstored } from "./text.js";

/** What a queue's jobs ask of the store that they are in. */
export interface JobRoom {
  /** Calls the component where that may write. */
  write<T>(call: (ctx: MutationPlace, component: KeelsonComponent) => Promise<T>): Promise<T | StoreFailure>;
  /** Calls the component. */
  read<T>(call: (ctx: QueryPlace, component: KeelsonComponent) => Promise<T>): Promise<T | StoreFailure>;
}

/** A document may have 1 MiB in all, and a job has a payload, a result and an error (docs.convex.dev/production/state/limits). */
const MOST_BYTES = 450_000;

/** The jobs of one queue in a Convex deployment. Nobody is told of anything: who waits asks now and then. */
export class ConvexJobs implements JobStore {
  readonly #room: JobRoom;
  readonly #queue: string;

  constructor(room: JobRoom, queue: string) {
    this.#room = room;
    this.#queue = stored(queue);
  }

  async enqueue(jobs: readonly NewJob[]): Promise<Outcome<Enqueued>> {
    if (jobs.some(({ payload }) => longer(payload, MOST_BYTES))) return new StoreFailure("capacity", "no");
    const wire = jobs.map((job) => ({ ...job, ...named(job), dedupe: stored(job.dedupe) }));
    const answer = await this.#room.write((ctx, { jobs: functions }) =>
      ctx.runMutation(functions.enqueue, { queue: this.#queue, jobs: wire }),
    );
    if (answer instanceof StoreFailure) return answer;
    if (!answer.accepted) return { ...answer, tool: unstored(answer.tool) };
    return { accepted: true, jobs: answer.jobs.map(({ id, duplicate }) => ({ id: unstored(id), duplicate })) };
  }

  async claim(request: ClaimRequest): Promise<Outcome<Claim>> {
    const answer = await this.#room.write((ctx, { jobs }) =>
      ctx.runMutation(jobs.claim, { queue: this.#queue, request: requested(request) }),
    );
    return answer instanceof StoreFailure ? answer : claimOf(answer);
  }

  async finish(
    ends: readonly Finish[],
    retention: JobRetention,
    next?: ClaimRequest,
  ): Promise<Outcome<{ readonly finished: readonly Finished[]; readonly claim: Claim | undefined }>> {
    if (ends.some((end) => end.kind === "succeeded" && longer(end.result, MOST_BYTES)))
      return new StoreFailure("capacity", "no");
    const answer = await this.#room.write((ctx, { jobs }) =>
      ctx.runMutation(jobs.finish, {
        queue: this.#queue,
        ends: ends.map((end) => ({ ...end, id: stored(end.id) })),
        retention,
        ...(next !== undefined && { next: requested(next) }),
      }),
    );
    if (answer instanceof StoreFailure) return answer;
    return { finished: answer.finished, claim: answer.claim && claimOf(answer.claim) };
  }

  extend(
    leases: readonly { readonly id: string; readonly fence: number }[],
    leaseMs: number,
  ): Promise<Outcome<readonly Extended[]>> {
    const wire = leases.map(({ id, fence }) => ({ id: stored(id), fence }));
    return this.#room.write((ctx, { jobs }) =>
      ctx.runMutation(jobs.extend, { queue: this.#queue, leases: wire, leaseMs }),
    );
  }

  cancel(id: string, retention: JobRetention): Promise<Cancelled | StoreFailure> {
    return this.#room.write((ctx, { jobs }) =>
      ctx.runMutation(jobs.cancel, { queue: this.#queue, id: stored(id), retention }),
    );
  }

  async get(id: string): Promise<Outcome<JobRecord | { readonly state: "unknown" }>> {
    const answer = await this.#room.read((ctx, { jobs }) =>
      ctx.runQuery(jobs.get, { queue: this.#queue, id: stored(id) }),
    );
    if (answer instanceof StoreFailure || answer.state === "unknown") return answer;
    return { ...answer, id, tool: unstored(answer.tool) };
  }

  async stats(): Promise<Outcome<{ readonly tools: Readonly<Record<string, ToolStats>> }>> {
    const answer = await this.#room.read((ctx, { jobs }) => ctx.runQuery(jobs.stats, { queue: this.#queue }));
    if (answer instanceof StoreFailure) return answer;
    return { tools: Object.fromEntries(answer.map(({ tool, ...stats }) => [unstored(tool), stats])) };
  }

  cleanup(max: number): Promise<Outcome<{ readonly removed: number }>> {
    return this.#room.write((ctx, { jobs }) => ctx.runMutation(jobs.cleanup, { queue: this.#queue, max }));
  }

  requeueDead(tool: string | undefined, max: number): Promise<Outcome<{ readonly requeued: number }>> {
    const of = tool === undefined ? {} : { tool: stored(tool) };
    return this.#room.write((ctx, { jobs }) => ctx.runMutation(jobs.requeueDead, { queue: this.#queue, ...of, max }));
  }

  dropDead(tool: string | undefined, max: number): Promise<Outcome<{ readonly dropped: number }>> {
    const of = tool === undefined ? {} : { tool: stored(tool) };
    return this.#room.write((ctx, { jobs }) => ctx.runMutation(jobs.dropDead, { queue: this.#queue, ...of, max }));
  }

  pause(tool: string, paused: boolean): Promise<Outcome<{ readonly paused: boolean }>> {
    return this.#room.write((ctx, { jobs }) =>
      ctx.runMutation(jobs.pause, { queue: this.#queue, tool: stored(tool), paused }),
    );
  }
}

function named({ id, tool }: { readonly id: string; readonly tool: string }) {
  return { id: stored(id), tool: stored(tool) };
}

function requested({ tools, ...request }: ClaimRequest): WireClaimRequest {
  return { ...request, tools: tools.map(({ name, maxRunning }) => ({ name: stored(name), maxRunning })) };
}

function claimOf({ jobs, ...claim }: WireClaim): Claim {
  return { ...claim, jobs: jobs.map((job) => ({ ...job, id: unstored(job.id), tool: unstored(job.tool) })) };
}
