import type { MaybePromise, StoreCall, StoreFailure } from "./store.js";

/**
 * Where a job stands: `delayed` (not due yet, or waiting for its next attempt) → `queued` → `running` → one of the ends.
 * `failed` can't be helped by trying again, `dead` has no attempts left, `expired` was past its deadline before it ran.
 */
export type JobState = "delayed" | "queued" | "running" | JobEnd;

/** The ends of a job. */
export type JobEnd = "succeeded" | "failed" | "dead" | "expired" | "cancelled";

/** A job to be taken in. */
export interface NewJob {
  /** Chosen by the producer, so that enqueueing once more after an answer was lost does nothing. */
  readonly id: string;
  /** What kind of work it is: its partition, with caps of its own. */
  readonly tool: string;
  /** The envelope as text; the store doesn't look inside. */
  readonly payload: string;
  /** Milliseconds until it is due; 0: now. */
  readonly delayMs: number;
  /** Milliseconds after which nobody wants it any more, if it doesn't run by then; 0: never. */
  readonly deadlineMs: number;
  /** How often it may be tried, at least 1. */
  readonly attempts: number;
  /** Jobs of the tool that may be queued or delayed; one more is refused. 0: no cap. */
  readonly maxQueued: number;
  /** While a job with the same value lives (not ended), it stands in for this one. `""`: none. */
  readonly dedupe: string;
}

/** What became of jobs that were enqueued together: all of them, or none. */
export type Enqueued =
  | { readonly accepted: true; readonly jobs: readonly EnqueuedJob[] }
  | { readonly accepted: false; readonly tool: string; readonly depth: number; readonly maxQueued: number };

/** One of {@link Enqueued}. */
export interface EnqueuedJob {
  /** Where it is a duplicate, the id of the one that stands in for it. */
  readonly id: string;
  readonly duplicate: boolean;
}

/** How long a job that has ended is remembered, in milliseconds; 0: not at all. */
export type JobRetention = Readonly<Record<JobEnd, number>>;

/** What a worker asks for. */
export interface ClaimRequest {
  /** What it can do, in the order to begin with; each with how many may run in all processes (0: any number). */
  readonly tools: readonly { readonly name: string; readonly maxRunning: number }[];
  /** Jobs wanted at most. */
  readonly max: number;
  readonly leaseMs: number;
  /** Due, lost or expired jobs that are looked after on the way, at most: what bounds the time of one claim. */
  readonly scan: number;
  readonly retention: JobRetention;
}

/** A job that a worker holds. */
export interface ClaimedJob {
  readonly id: string;
  readonly tool: string;
  /** 1 the first time. */
  readonly attempt: number;
  /** How often it may be tried. */
  readonly attempts: number;
  /** The number of this claim; greater than those of all earlier ones. */
  readonly fence: number;
  readonly payload: string;
  /** Times of the store's clock. */
  readonly enqueuedAt: number;
  /** When it became due. */
  readonly dueAt: number;
  /** 0: none. */
  readonly deadlineAt: number;
}

/** What a worker got. */
export interface Claim {
  /** The store's time. */
  readonly now: number;
  readonly jobs: readonly ClaimedJob[];
  /** Milliseconds until there may be more without anybody enqueueing: a delay or a lease runs out. `null`: nothing will. */
  readonly nextMs: number | null;
}

/** How a run ended. */
export type Finish = { readonly id: string; readonly fence: number } & (
  | { readonly kind: "succeeded"; readonly result: string }
  /** To be tried again after `delayMs`; dead, where it has no attempts left. */
  | { readonly kind: "retry"; readonly delayMs: number; readonly error: string }
  | { readonly kind: "failed"; readonly error: string }
  /** Given back unharmed: it was not the job's fault, and costs no attempt. */
  | { readonly kind: "released" }
);

/** What a {@link Finish} came to. `lost`: the lease had passed to somebody else, or the job is gone; nothing was changed. */
export type Finished = "kept" | "lost";

/** What a lease's holder hears when renewing it. `cancelled`: it is still held, and is to be given up. */
export type Extended = "kept" | "lost" | "cancelled";

/** What cancelling came to. `requested`: it runs, and its worker will hear of it. */
export type Cancelled = "cancelled" | "requested" | "ended" | "unknown";

/** A job as it is told. Times are those of the store's clock; 0: not yet, or none. */
export interface JobRecord {
  readonly id: string;
  readonly tool: string;
  readonly state: JobState;
  readonly attempt: number;
  readonly attempts: number;
  readonly payload: string;
  readonly enqueuedAt: number;
  readonly dueAt: number;
  readonly deadlineAt: number;
  readonly startedAt: number;
  readonly endedAt: number;
  /** The result of a job that succeeded; `null` otherwise. */
  readonly result: string | null;
  /** How the last attempt failed; `null` where none did. */
  readonly error: string | null;
}

/** How full one tool's partition is. */
export interface ToolStats {
  readonly queued: number;
  readonly delayed: number;
  readonly running: number;
  readonly paused: boolean;
  /** Milliseconds since the oldest queued job became due; 0 where none is queued. */
  readonly oldestMs: number;
  /** Jobs that ended so, since the queue began. */
  readonly ended: Readonly<Record<JobEnd, number>>;
  /** Dead jobs that are still kept. */
  readonly dead: number;
}

/** What is told as it happens, where the store can. Telling is not certain: who waits also asks now and then. */
export interface JobListener {
  /** There may be something to claim. */
  readonly ready?: () => void;
  /** A job has ended; with its result or error, where the message had room for it. */
  readonly ended?: (end: JobEndNote) => void;
}

/** See {@link JobListener.ended}. */
export interface JobEndNote {
  readonly id: string;
  readonly state: JobEnd;
  /** `undefined`: to be read with {@link JobStore.get}. */
  readonly result?: string | null;
  readonly error?: string | null;
}

type Answer<T> = MaybePromise<T | StoreFailure>;

/**
 * What a store of jobs has to do, one instance a queue. Everything is atomic; whatever a claim gave out is fenced by
 * `{id, fence}`; a job is never lost: it goes only after it ended and its retention passed. A store is complete when
 * it passes `describeJobStore` of `keelson/testing`.
 */
export interface JobStore {
  /**
   * Takes jobs in, all or none. A tool's cap counts those queued and delayed, not retries; a duplicate takes no room
   * and is accepted though it be full.
   */
  enqueue(jobs: readonly NewJob[], call?: StoreCall): Answer<Enqueued>;
  /**
   * Gives out jobs that are due, oldest first within a tool, in turn among the tools; a tool that is paused or at its
   * cap holds up no other. On the way, and in bounded numbers: what was delayed and is due is queued; a lease that ran
   * out spends its attempt and the job is queued again, or is dead; a job past its deadline expires.
   */
  claim(request: ClaimRequest, call?: StoreCall): Answer<Claim>;
  /** Ends runs, and claims the next in the same round trip where `next` is given. */
  finish(
    ends: readonly Finish[],
    retention: JobRetention,
    next?: ClaimRequest,
    call?: StoreCall,
  ): Answer<{ readonly finished: readonly Finished[]; readonly claim: Claim | undefined }>;
  /** Renews leases from now on. */
  extend(
    leases: readonly { readonly id: string; readonly fence: number }[],
    leaseMs: number,
    call?: StoreCall,
  ): Answer<readonly Extended[]>;
  /** Ends a job that doesn't run; asks the worker of one that does. */
  cancel(id: string, retention: JobRetention, call?: StoreCall): Answer<Cancelled>;
  get(id: string, call?: StoreCall): Answer<JobRecord | { readonly state: "unknown" }>;
  /** Every tool that has been enqueued to, by name. */
  stats(call?: StoreCall): Answer<{ readonly tools: Readonly<Record<string, ToolStats>> }>;
  /** Forgets up to `max` ended jobs whose retention has passed. */
  cleanup(max: number, call?: StoreCall): Answer<{ readonly removed: number }>;
  /** Queues up to `max` dead jobs anew, oldest first, with all their attempts before them; of one tool or of all. */
  requeueDead(tool: string | undefined, max: number, call?: StoreCall): Answer<{ readonly requeued: number }>;
  /** Forgets up to `max` dead jobs before their time, oldest first; of one tool or of all. They stay counted as ended. */
  dropDead(tool: string | undefined, max: number, call?: StoreCall): Answer<{ readonly dropped: number }>;
  /** Gives out no job of a tool until it is resumed. What runs goes on; what comes is taken in. */
  pause(tool: string, paused: boolean, call?: StoreCall): Answer<{ readonly paused: boolean }>;
  /** Listens; left out where the store has no way to tell. The returned function ends it. */
  listen?(listener: JobListener): MaybePromise<() => void>;
}

/** What a store has beside `Store` that keeps jobs, too. */
export interface JobSource {
  /** The jobs of one queue: the same for the same name. */
  jobs(queue: string): JobStore;
}
