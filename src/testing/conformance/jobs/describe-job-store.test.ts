import { describe, expect, it } from "vitest";
import { ConfigError } from "../../../core/config.js";
import type { ClaimRequest, JobStore, NewJob } from "../../../core/jobs.js";
import { StoreFailure } from "../../../core/store.js";
import { memoryStore } from "../../../stores/memory/memory-store.js";
import { ManualClock } from "../../manual-clock.js";
import { failuresOf } from "../failures.fixture.js";
import { describeJobStore } from "./describe-job-store.js";
import { type JobStoreUnderTest, LEASE_MS, type MakeJobStore } from "./job-bench.js";

function memory(): JobStoreUnderTest {
  const clock = new ManualClock();
  const store = memoryStore({ clock });
  return { jobs: store.jobs("tools"), advance: (ms) => clock.advance(ms), closeStore: () => store.close() };
}

describeJobStore("memory", memory, { describe, it, expect });

/** The titles of the tests that a store fails. */
const failures = (make: MakeJobStore) => failuresOf((framework) => describeJobStore("mutant", make, framework));

/** The memory store, but for one thing. */
function mutant(change: (jobs: JobStore) => Partial<JobStore>): MakeJobStore {
  return () => {
    const under = memory();
    const { jobs } = under;
    const same: JobStore = {
      enqueue: (given) => jobs.enqueue(given),
      claim: (request) => jobs.claim(request),
      finish: (ends, retention, next) => jobs.finish(ends, retention, next),
      extend: (leases, leaseMs) => jobs.extend(leases, leaseMs),
      cancel: (id, retention) => jobs.cancel(id, retention),
      get: (id) => jobs.get(id),
      stats: () => jobs.stats(),
      cleanup: (max) => jobs.cleanup(max),
      requeueDead: (tool, max) => jobs.requeueDead(tool, max),
      dropDead: (tool, max) => jobs.dropDead(tool, max),
      pause: (tool, paused) => jobs.pause(tool, paused),
    };
    return { ...under, jobs: { ...same, ...change(jobs) } };
  };
}

const renewed = (change: Partial<NewJob>) => (jobs: JobStore) => ({
  enqueue: (given: readonly NewJob[]) => jobs.enqueue(given.map((job) => ({ ...job, ...change }))),
});

const asked = (change: (request: ClaimRequest) => Partial<ClaimRequest>) => (jobs: JobStore) => ({
  claim: (request: ClaimRequest) => jobs.claim({ ...request, ...change(request) }),
});

describe("the conformance suite of job stores", () => {
  it("finds nothing wrong with a store that is right", async () => {
    expect(await failures(memory)).toEqual([]);
    expect(await failures(mutant(() => ({})))).toEqual([]);
  });

  it.each<[what: string, change: (jobs: JobStore) => Partial<JobStore>, found: string]>([
    ["knows no caps", renewed({ maxQueued: 0 }), "taking jobs in: takes all or none where a tool is full"],
    [
      "takes in what fits",
      (jobs) => ({
        enqueue: async (given) => {
          const answers = await Promise.all(given.map((job) => jobs.enqueue([job])));
          const refused = answers.find((one) => one instanceof StoreFailure || !one.accepted);
          if (refused !== undefined) return refused;
          return {
            accepted: true,
            jobs: answers.flatMap((one) => (one instanceof StoreFailure || !one.accepted ? [] : one.jobs)),
          };
        },
      }),
      "taking jobs in: takes all or none where a tool is full",
    ],
    [
      "knows no duplicates by value",
      renewed({ dedupe: "" }),
      "taking jobs in: lets a living job stand in for others with its value, of its own tool",
    ],
    [
      "knows no deadlines",
      renewed({ deadlineMs: 0 }),
      "giving jobs out: expires what nobody ran in time, and looks for others in its place",
    ],
    [
      "gives out what isn't due",
      renewed({ delayMs: 0 }),
      "giving jobs out: waits until a job is due, and says how long that is",
    ],
    [
      "lets any number run",
      asked(({ tools }) => ({ tools: tools.map(({ name }) => ({ name, maxRunning: 0 })) })),
      "giving jobs out: lets run no more of a tool than may, and holds up no other for that",
    ],
    [
      "gives out the first tool's before the others'",
      (jobs) => ({
        claim: (request) => {
          let left = request.max;
          const claims = request.tools.map((tool) => {
            const claim = jobs.claim({ ...request, tools: [tool], max: left });
            if (claim instanceof StoreFailure || claim instanceof Promise) throw new Error("memory answers at once");
            left -= claim.jobs.length;
            return claim;
          });
          const [first] = claims;
          if (first === undefined) throw new Error("a tool is asked for");
          return { ...first, jobs: claims.flatMap((claim) => claim.jobs) };
        },
      }),
      "giving jobs out: takes turns among tools: one that has much holds up none that have little",
    ],
    [
      "looks after nothing on the way",
      asked(() => ({ scan: 0 })),
      "runs: are tried again when due, behind what waits, until no attempts are left",
    ],
    [
      "lets leases end early",
      asked(() => ({ leaseMs: LEASE_MS / 2 })),
      "runs: whose lease runs out go to others; who extends keeps it",
    ],
    [
      "takes any fence",
      (jobs) => {
        const fences = new Map<string, number>();
        return {
          claim: (request) => {
            const claim = jobs.claim(request);
            if (claim instanceof StoreFailure || claim instanceof Promise) return claim;
            for (const { id, fence } of claim.jobs) fences.set(id, fence);
            return claim;
          },
          finish: (ends, retention, next) =>
            jobs.finish(
              ends.map((end) => ({ ...end, fence: fences.get(end.id) ?? end.fence })),
              retention,
              next,
            ),
        };
      },
      "runs: are tried again when due, behind what waits, until no attempts are left",
    ],
    [
      "forgets at once what has ended",
      (jobs) => ({
        finish: (ends, retention, next) => jobs.finish(ends, { ...retention, succeeded: 0 }, next),
      }),
      "runs: end with their result, once, and are remembered for a while",
    ],
    [
      "never pauses",
      (jobs) => ({ pause: (tool) => jobs.pause(tool, false) }),
      "giving jobs out: gives out nothing of a tool that is paused, takes in what comes, and goes on after that",
    ],
    [
      "cancels without asking who runs it",
      (jobs) => ({
        cancel: async (id, retention) => {
          const told = await jobs.cancel(id, retention);
          return told === "requested" ? "cancelled" : told;
        },
      }),
      "cancelling: ends what waits, asks the worker of what runs, and says so otherwise",
    ],
    [
      "queues the youngest dead first",
      (jobs) => ({
        requeueDead: (tool, max) => jobs.requeueDead(tool ?? "a", max),
      }),
      "dead jobs: are queued anew, oldest first, with all their attempts before them",
    ],
    [
      "drops the dead of every tool",
      (jobs) => ({ dropDead: (_, max) => jobs.dropDead(undefined, max) }),
      "dead jobs: are dropped, oldest first, and are gone",
    ],
  ])("finds out a store that %s", async (_, change, found) => {
    expect(await failures(mutant(change))).toContain(found);
  });

  it("refuses what makes no store", () => {
    expect(() => describeJobStore("x", "memory" as unknown as MakeJobStore, { describe, it, expect })).toThrow(
      ConfigError,
    );
  });
});
