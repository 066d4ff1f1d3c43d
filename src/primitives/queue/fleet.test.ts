import fc from "fast-check";
import { expect, it } from "vitest";
import type { ClaimedJob, JobStore } from "../../core/jobs.js";
import { seeded } from "../../core/seeded.js";
import { type MaybePromise, StoreFailure } from "../../core/store.js";
import { numbered, place } from "./queue.fixture.js";
import { Queue } from "./queue.js";
import type { Worker } from "./worker.js";

const LEASE_MS = 10_000;
const CAPPED = 2;

/** Sees every lease that the store gives out and takes back, and says when two hold at a time. */
class Referee {
  readonly wrong: string[] = [];
  readonly succeeded = new Map<string, number>();
  #leases = new Map<string, { fence: number; until: number }>();

  constructor(readonly now: () => number) {}

  watch(jobs: JobStore): JobStore {
    const seen = <T>(answer: MaybePromise<T | StoreFailure>, look: (outcome: T) => void) => {
      const check = (outcome: T | StoreFailure) => {
        if (!(outcome instanceof StoreFailure)) look(outcome);
        return outcome;
      };
      return answer instanceof Promise ? answer.then(check) : check(answer);
    };
    const watched: JobStore = Object.create(jobs);
    return Object.assign(watched, {
      enqueue: jobs.enqueue.bind(jobs),
      get: jobs.get.bind(jobs),
      stats: jobs.stats.bind(jobs),
      listen: (listener) => jobs.listen?.(listener) ?? (() => undefined),
      claim: (request) =>
        seen(jobs.claim(request), (claim) => {
          for (const job of claim.jobs) this.#given(job);
        }),
      finish: (ends, retention, next) =>
        seen(jobs.finish(ends, retention, next), ({ finished, claim }) => {
          for (const [i, { id, fence, kind }] of ends.entries())
            if (finished[i] === "kept") this.#kept(id, fence, kind);
          for (const job of claim?.jobs ?? []) this.#given(job);
        }),
      extend: (leases, leaseMs) =>
        seen(jobs.extend(leases, leaseMs), (told) => {
          for (const [i, { id, fence }] of leases.entries())
            if (told[i] !== "lost") this.#leases.set(id, { fence, until: this.now() + leaseMs });
        }),
    } satisfies Partial<JobStore>);
  }

  #given({ id, fence }: ClaimedJob): void {
    const other = this.#leases.get(id);
    if (other !== undefined && other.until > this.now()) this.wrong.push(`${id} was given out twice`);
    if (other !== undefined && other.fence >= fence) this.wrong.push(`${id}: fence ${fence} after ${other.fence}`);
    if (this.succeeded.has(id)) this.wrong.push(`${id} ran again after its end`);
    this.#leases.set(id, { fence, until: this.now() + LEASE_MS });
    const running = [...this.#leases].filter(([one, { until }]) => one.startsWith("capped") && until > this.now());
    if (running.length > CAPPED) this.wrong.push(`${running.length} of a kind ran of which ${CAPPED} may`);
  }

  #kept(id: string, fence: number, kind: string): void {
    if (this.#leases.get(id)?.fence !== fence) this.wrong.push(`${id}: an end was taken of a lease that had passed`);
    this.#leases.delete(id);
    if (kind === "succeeded") this.succeeded.set(id, (this.succeeded.get(id) ?? 0) + 1);
  }
}

/** What a process can reach of the store: nothing, while its network is down. */
function through(jobs: JobStore, network: { up: boolean }): JobStore {
  return new Proxy(jobs, {
    get: (target, name: keyof JobStore) => {
      const method = target[name] as ((...args: unknown[]) => unknown) | undefined;
      if (method === undefined) return undefined;
      return (...args: unknown[]) => (network.up ? method.apply(target, args) : new StoreFailure("unavailable", "no"));
    },
  });
}

it("ends every job, whatever becomes of its workers, and gives none to two at a time", async () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant("enqueue" as const), n: fc.integer({ min: 1, max: 8 }) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("start" as const), n: fc.integer({ min: 1, max: 5 }) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("cut", "heal", "drain"), n: fc.nat(9) }) },
    { weight: 5, arbitrary: fc.record({ do: fc.constant("wait" as const), n: fc.integer({ min: 1, max: 8_000 }) }) },
  );
  const property = fc.asyncProperty(fc.nat(), fc.array(step, { minLength: 5, maxLength: 30 }), async (seed, steps) => {
    const random = seeded(seed);
    const { rt, clock, memory } = place();
    const referee = new Referee(() => Math.floor(clock.wall()));
    const shared = referee.watch(memory.jobs("tools"));
    /** Ends soon, late, badly, or long after its lease. */
    const run = (): unknown => {
      const roll = random();
      if (roll < 0.3) return 1;
      if (roll < 0.4) throw new Error("no such luck");
      const ms = roll < 0.5 ? 25_000 : roll * 500;
      return new Promise((resolve, reject) => {
        clock.alarm(ms, () => (roll < 0.6 ? reject(new Error("late")) : resolve(1)), "background");
      });
    };
    const jobs = { capped: numbered(run, { maxRunning: CAPPED }), free: numbered(run) };
    const processOf = () => {
      const network = { up: true };
      const store = Object.assign(Object.create(memory), { jobs: () => through(shared, network) });
      return { network, queue: new Queue("tools", { jobs, lease: LEASE_MS, attempts: 3 }, { ...rt, store, random }) };
    };
    const producer = processOf().queue;
    const fleet: (ReturnType<typeof processOf> & { readonly worker: Worker })[] = [];
    const start = (concurrency: number) => {
      const one = processOf();
      fleet.push({ ...one, worker: one.queue.process({ concurrency }) });
    };
    let made = 0;
    for (const { do: what, n } of steps) {
      const one = fleet[n % Math.max(1, fleet.length)];
      if (what === "enqueue") {
        for (let i = 0; i < n; i++) {
          const tool = random() < 0.5 ? "capped" : "free";
          const delay = random() < 0.3 ? Math.ceil(random() * 5_000) : 0;
          await producer.enqueue(tool, { n: made }, { id: `${tool}${made++}`, delay });
        }
      } else if (what === "start") start(n);
      else if (what === "wait") await clock.advance(n);
      else if (what === "drain") void one?.worker.drain({ timeout: "3s" });
      else if (one !== undefined) one.network.up = what === "heal";
    }
    start(5);
    await clock.advance(300_000);
    for (const { worker } of fleet) void worker.drain();
    await clock.advance(60_000);
    expect(referee.wrong).toEqual([]);
    const stats = await producer.stats();
    const both = [stats.capped, stats.free];
    expect(both.map(({ queued, delayed, running }) => queued + delayed + running)).toEqual([0, 0]);
    expect(both.reduce((sum, { ended }) => sum + ended.succeeded + ended.dead, 0)).toBe(made);
    expect([...referee.succeeded.values()].filter((times) => times !== 1)).toEqual([]);
    expect(clock.pending("held")).toBe(0);
  });
  await fc.assert(property, { numRuns: 40 });
});
