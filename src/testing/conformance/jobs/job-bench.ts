import type {
  Claim,
  ClaimRequest,
  Finish,
  Finished,
  JobRecord,
  JobRetention,
  JobState,
  JobStore,
  NewJob,
} from "../../../core/jobs.js";
import { type MaybePromise, StoreFailure } from "../../../core/store.js";
import type { TestFramework } from "../../contract-tests.js";

/** A store of jobs to be tested, and how to treat it. */
export interface JobStoreUnderTest {
  /** The jobs of one queue, none yet. */
  readonly jobs: JobStore;
  /** Lets time pass for the store: moves its clock, or waits. The suite asks for some tenths of a second at a time. */
  advance(ms: number): void | Promise<void>;
  /** Closes the store: from then on it answers that it is unavailable. */
  closeStore(): void | Promise<void>;
  /** Cleans up after a test; the store is closed before. */
  close?(): void | Promise<void>;
}

/** Makes a store of jobs for one test, with nothing in it. */
export type MakeJobStore = () => JobStoreUnderTest | Promise<JobStoreUnderTest>;

/** How long ends are kept in the tests. */
export const RETENTION: JobRetention = {
  succeeded: 1_000,
  failed: 1_000,
  dead: 100_000,
  expired: 1_000,
  cancelled: 1_000,
};
/** How long leases are good for in the tests. */
export const LEASE_MS = 1_000;

/** One test's store, asked for what has to work. */
export class Asked {
  readonly under: JobStoreUnderTest;

  constructor(under: JobStoreUnderTest) {
    this.under = under;
  }

  get store(): JobStore {
    return this.under.jobs;
  }

  async advance(ms: number): Promise<void> {
    await this.under.advance(ms);
  }

  async enqueue(...jobs: readonly NewJob[]) {
    return answered(await this.store.enqueue(jobs));
  }

  async claim(max: number, tools: Readonly<Record<string, number>> = { a: 0 }): Promise<Claim> {
    return answered(await this.store.claim(asking(max, tools)));
  }

  async finish(...ends: readonly Finish[]): Promise<readonly Finished[]> {
    const { finished } = answered(await this.store.finish(ends, RETENTION));
    return finished;
  }

  async extend(...leases: readonly { readonly id: string; readonly fence: number }[]) {
    return answered(await this.store.extend(leases, LEASE_MS));
  }

  async cancel(id: string) {
    return answered(await this.store.cancel(id, RETENTION));
  }

  async get(id: string): Promise<Partial<Omit<JobRecord, "state">> & { readonly state: JobState | "unknown" }> {
    return answered(await this.store.get(id));
  }

  async state(id: string): Promise<string | undefined> {
    return (await this.get(id)).state;
  }

  async stats(tool = "a") {
    const { tools } = answered(await this.store.stats());
    return tools[tool];
  }
}

/** What the parts of the suite are written with. */
export class JobBench {
  readonly #make: MakeJobStore;
  readonly #framework: TestFramework;

  constructor(make: MakeJobStore, framework: TestFramework) {
    this.#make = make;
    this.#framework = framework;
  }

  describe(name: string, define: () => void): void {
    this.#framework.describe(name, define);
  }

  /** A test with a store of its own. */
  it(title: string, run: (asked: Asked) => Promise<void>): void {
    this.#framework.it(title, async () => {
      const under = await this.#make();
      try {
        await run(new Asked(under));
      } finally {
        await under.closeStore();
        await under.close?.();
      }
    });
  }

  equal(actual: unknown, expected: unknown): void {
    this.#framework.expect(actual).toEqual(expected);
  }

  /** Compares what is named of something. */
  has<T extends object>(actual: T | undefined, expected: Partial<T>): void {
    const named = Object.keys(expected).map((key) => [key, actual?.[key as keyof T]]);
    this.#framework.expect(Object.fromEntries(named)).toEqual(expected);
  }
}

/** A job with nothing special, but for `more`. */
export function newJob(id: string, more: Partial<NewJob> = {}): NewJob {
  const plain = { tool: "a", payload: `"${id}"`, delayMs: 0, deadlineMs: 0, attempts: 3, maxQueued: 0, dedupe: "" };
  return { id, ...plain, ...more };
}

/** What a worker asks for in the tests. */
export function asking(max: number, tools: Readonly<Record<string, number>>): ClaimRequest {
  const named = Object.entries(tools).map(([name, maxRunning]) => ({ name, maxRunning }));
  return { tools: named, max, leaseMs: LEASE_MS, scan: 100, retention: RETENTION };
}

/** The ids of what was claimed. */
export const ids = ({ jobs }: Claim): string[] => jobs.map(({ id }) => id);

/** The leases of what was claimed. */
export const leases = ({ jobs }: Claim) => jobs.map(({ id, fence }) => ({ id, fence }));

/** The lease of the one that was claimed. */
export function lease(claim: Claim): { readonly id: string; readonly fence: number } {
  const [one] = leases(claim);
  if (one === undefined) throw new Error("nothing was claimed");
  return one;
}

/** An answer, which the store has to have. */
export function answered<T>(outcome: T | StoreFailure): T {
  if (outcome instanceof StoreFailure)
    throw new Error(`the store failed (${outcome.reason})`, { cause: outcome.error });
  return outcome;
}

/** Several at once, in the order in which they were asked. */
export function atOnce<T>(times: number, run: (n: number) => MaybePromise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: times }, (_, n) => run(n)));
}
