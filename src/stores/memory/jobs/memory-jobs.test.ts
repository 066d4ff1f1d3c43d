import { describe, expect, it } from "vitest";
import { StoreFailure } from "../../../core/store.js";
import { answered, asking, lease, newJob, RETENTION } from "../../../testing/conformance/jobs/job-bench.js";
import { ManualClock } from "../../../testing/manual-clock.js";
import { memoryStore } from "../memory-store.js";

describe("jobs in memory", () => {
  function setup(maxJobs: number) {
    const clock = new ManualClock();
    const store = memoryStore({ clock, maxJobs });
    const jobs = store.jobs("tools");
    const enqueue = (...ids: string[]) => jobs.enqueue(ids.map((id) => newJob(id, { attempts: 1 })));
    const end = (kind: "succeeded" | "retry") => {
      const mine = lease(answered(jobs.claim(asking(1, { a: 0 }))));
      const how = kind === "succeeded" ? { kind, result: "1" } : { kind, delayMs: 0, error: "no" };
      jobs.finish([{ ...mine, ...how }], RETENTION);
    };
    return { clock, store, jobs, enqueue, end };
  }

  it("are refused, all of them, where live and dead ones fill the queue", () => {
    const { jobs, enqueue, end } = setup(3);
    enqueue("dead", "1");
    end("retry");
    expect(enqueue("2", "3")).toEqual(new StoreFailure("capacity", "no"));
    expect(enqueue("2")).toMatchObject({ accepted: true });
    expect(enqueue("3")).toEqual(new StoreFailure("capacity", "no"));
    // What is there already needs no room.
    expect(enqueue("1")).toMatchObject({ accepted: true });
    expect(jobs.get("dead")).toMatchObject({ state: "dead" });
  });

  it("give way to new ones when they have ended, soonest to be forgotten first", async () => {
    const { clock, jobs, enqueue, end } = setup(3);
    enqueue("1", "2");
    end("succeeded");
    await clock.advance(10);
    end("succeeded");
    enqueue("3", "4");
    expect(["1", "2", "3", "4"].map((id) => answered(jobs.get(id)).state)).toEqual([
      "unknown",
      "succeeded",
      "queued",
      "queued",
    ]);
  });

  it("are forgotten in time though nobody cleans up", async () => {
    const { clock, jobs, enqueue, end } = setup(100);
    enqueue("1");
    end("succeeded");
    await clock.advance(RETENTION.succeeded);
    enqueue("2");
    expect(answered(jobs.get("1"))).toEqual({ state: "unknown" });
  });

  it("are those of one queue, the same for the same name", () => {
    const { store, jobs, enqueue } = setup(100);
    enqueue("1");
    expect(store.jobs("tools")).toBe(jobs);
    expect(store.jobs("others").get("1")).toEqual({ state: "unknown" });
  });
});
