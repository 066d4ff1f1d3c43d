import type { JobEndNote } from "../../../core/jobs.js";
import { StoreFailure } from "../../../core/store.js";
import { asking, type JobBench, lease, newJob, RETENTION } from "./job-bench.js";

/** What is told, and that a store that was closed says so. */
export function tellingTests(bench: JobBench): void {
  bench.describe("telling", () => {
    bench.it("says how full each tool is and how long the oldest waits", async (asked) => {
      bench.equal(await asked.stats(), undefined);
      await asked.enqueue(newJob("1"), newJob("2"), newJob("3", { delayMs: 60_000 }), newJob("4", { tool: "b" }));
      await asked.claim(1);
      await asked.advance(100);
      bench.has(await asked.stats(), { queued: 1, delayed: 1, running: 1, paused: false, dead: 0 });
      bench.equal(((await asked.stats())?.oldestMs ?? 0) >= 100, true);
      bench.has(await asked.stats("b"), { queued: 1, running: 0 });
      const ended = { succeeded: 0, failed: 0, dead: 0, expired: 0, cancelled: 0 };
      bench.equal((await asked.stats("b"))?.ended, ended);
    });

    bench.it(
      "tells those who listen that there is something to do, and how it ended, until they stop",
      async (asked) => {
        const { listen } = asked.store;
        if (listen === undefined) {
          // That is in order: whoever waits looks now and then.
          bench.equal(listen, undefined);
          return;
        }
        const heard: (JobEndNote | "ready")[] = [];
        let wake: () => void = () => undefined;
        const hear = (what: JobEndNote | "ready") => {
          heard.push(what);
          wake();
        };
        const told = async (count: number) => {
          while (heard.length < count) await new Promise<void>((resolve) => (wake = resolve));
        };
        const end = await listen.call(asked.store, { ready: () => hear("ready"), ended: hear });
        await asked.enqueue(newJob("1"), newJob("2", { attempts: 1 }));
        await told(1);
        await asked.finish({ ...lease(await asked.claim(1)), kind: "succeeded", result: '"r"' });
        await told(2);
        await asked.finish({ ...lease(await asked.claim(1)), kind: "retry", delayMs: 0, error: "e" });
        await told(3);
        bench.equal(heard, [
          "ready",
          { id: "1", state: "succeeded", result: '"r"', error: null },
          { id: "2", state: "dead", result: null, error: "e" },
        ]);
        end();
        await asked.enqueue(newJob("3"));
        await asked.claim(1);
        bench.equal(heard.length, 3);
      },
    );

    bench.it("answers with a failure once the store is closed", async (asked) => {
      await asked.under.closeStore();
      const { store } = asked;
      const answers = await Promise.all([
        store.enqueue([newJob("1")]),
        store.claim(asking(1, { a: 0 })),
        store.finish([], RETENTION, asking(1, { a: 0 })),
        store.extend([{ id: "1", fence: 1 }], 1_000),
        store.cancel("1", RETENTION),
        store.get("1"),
        store.stats(),
        store.cleanup(1),
        store.requeueDead(undefined, 1),
        store.pause("a", true),
      ]);
      const reasons = answers.map((one) => (one instanceof StoreFailure ? one.reason : one));
      bench.equal(
        reasons,
        answers.map(() => "unavailable"),
      );
    });
  });
}
