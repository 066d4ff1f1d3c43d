import { z } from "zod";
import { Events, type EventType } from "../../core/events.js";
import type { JobStore } from "../../core/jobs.js";
import { type Runtime, runtime } from "../../core/runtime.js";
import { seeded } from "../../core/seeded.js";
import { type MaybePromise, StoreFailure } from "../../core/store.js";
import { memoryStore } from "../../stores/memory/memory-store.js";
import { ManualClock } from "../../testing/manual-clock.js";
import { job } from "./job.js";

type JobEventName = Extract<EventType, `job.${string}`> | "queue.failure";
const NAMES: readonly JobEventName[] = [
  "job.enqueued",
  "job.saturated",
  "job.started",
  "job.succeeded",
  "job.retried",
  "job.failed",
  "job.dead",
  "job.released",
  "job.lost",
  "job.cancelled",
  "queue.failure",
];

/** A store of jobs in virtual time, and what queues over it tell. */
export function place(parts: Partial<Runtime> = {}, wrap: (jobs: JobStore) => JobStore = (jobs) => jobs) {
  const clock = new ManualClock();
  const events = new Events();
  const heard: { readonly type: JobEventName; readonly [field: string]: unknown }[] = [];
  for (const type of NAMES) events.on(type, (payload: object) => heard.push({ type, ...payload }));
  const memory = memoryStore({ clock });
  const wrapped = new Map<string, JobStore>();
  const store = Object.create(memory) as typeof memory & { jobs(queue: string): JobStore };
  Object.assign(store, {
    jobs(queue: string): JobStore {
      const jobs = wrapped.get(queue) ?? wrap(memory.jobs(queue));
      wrapped.set(queue, jobs);
      return jobs;
    },
  });
  const rt = runtime({ service: "shop", clock, events, random: seeded(7), store, ...parts });
  /** Types of the events, and what they say of the job. */
  const told = () => heard.map(({ type, id }) => (id === undefined ? type : `${type} ${String(id)}`));
  return { clock, events, heard, told, rt, memory };
}

/** A handler whose runs end when they are told to. */
export function heldRuns() {
  const open = new Map<number, { resolve: (value: unknown) => void; reject: (error: unknown) => void }>();
  const signals = new Map<number, AbortSignal>();
  const state = { most: 0 };
  const run = ({ n }: { n: number }, call: { readonly signal: AbortSignal }): Promise<unknown> => {
    signals.set(n, call.signal);
    return new Promise((resolve, reject) => {
      open.set(n, { resolve, reject });
      state.most = Math.max(state.most, open.size);
    });
  };
  const close = (n: number) => {
    const one = open.get(n);
    open.delete(n);
    return one;
  };
  return {
    run,
    signals,
    state,
    running: () => [...open.keys()],
    end: (n: number, value: unknown = n) => close(n)?.resolve(value),
    fail: (n: number, error: unknown) => close(n)?.reject(error),
  };
}

export const Numbered = z.object({ n: z.number() });

/** A kind of job that takes a number and ends as it is told to. */
export const numbered = (run: (input: { n: number }, call: never) => unknown, limits: object = {}) =>
  job({ input: Numbered, run: run as never, ...limits });

/** Trouble that a test can make. */
export interface Trouble {
  /** What the next calls of an operation answer in place of the store's answer; `lost`: after it was done. */
  readonly fail: Map<keyof JobStore, { times: number; failure: StoreFailure; lost?: boolean }>;
  /** Whether answers come as promises. */
  late: boolean;
  /** Whether listeners are told nothing. */
  silent: boolean;
  readonly calls: string[];
}

/** A store of jobs that fails where it is told to. */
export function troubled(trouble: Trouble): (jobs: JobStore) => JobStore {
  return (jobs) => {
    const through = <T>(operation: keyof JobStore, act: () => MaybePromise<T>): MaybePromise<T> => {
      trouble.calls.push(operation);
      const failing = trouble.fail.get(operation);
      let answer: MaybePromise<T>;
      if (failing !== undefined && failing.times > 0) {
        failing.times--;
        if (failing.lost === true) act();
        answer = failing.failure as T;
      } else answer = act();
      return trouble.late ? Promise.resolve(answer) : answer;
    };
    return {
      enqueue: (given) => through("enqueue", () => jobs.enqueue(given)),
      claim: (request) => through("claim", () => jobs.claim(request)),
      finish: (ends, retention, next) => through("finish", () => jobs.finish(ends, retention, next)),
      extend: (leases, leaseMs) => through("extend", () => jobs.extend(leases, leaseMs)),
      cancel: (id, retention) => through("cancel", () => jobs.cancel(id, retention)),
      get: (id) => through("get", () => jobs.get(id)),
      stats: () => through("stats", () => jobs.stats()),
      cleanup: (max) => through("cleanup", () => jobs.cleanup(max)),
      requeueDead: (tool, max) => through("requeueDead", () => jobs.requeueDead(tool, max)),
      dropDead: (tool, max) => through("dropDead", () => jobs.dropDead(tool, max)),
      pause: (tool, paused) => through("pause", () => jobs.pause(tool, paused)),
      listen: (listener) => {
        const { ready, ended } = listener;
        const heard = {
          ...(ready !== undefined && { ready: () => trouble.silent || ready() }),
          ...(ended !== undefined && { ended: (note: Parameters<typeof ended>[0]) => trouble.silent || ended(note) }),
        };
        return jobs.listen?.(heard as never) ?? (() => undefined);
      },
    };
  };
}

/** No trouble yet. */
export const noTrouble = (): Trouble => ({ fail: new Map(), late: false, silent: false, calls: [] });

/** The store didn't answer, and nothing was done; or it may have been. */
export const unavailable = new StoreFailure("unavailable", "no");
export const timedOut = new StoreFailure("timeout", "unknown");
