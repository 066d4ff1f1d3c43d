/**
 * One of the processes that work on a queue until they are killed. What it began and how that ended goes to a file at
 * once, so that it is there whatever becomes of the process.
 */
import { appendFileSync } from "node:fs";
import { Redis } from "ioredis";
import { z } from "zod";
import { type Claim, createKit, type JobStore, StoreFailure } from "../src/index.js";
import { redisStore } from "../src/stores/redis/index.js";

const [url = "", log = "", lease = "2000"] = process.argv.slice(2);
const note = (...words: (string | number)[]) => appendFileSync(log, `${words.join(" ")}\n`);

// (Nobody hears what it prints once it is killed.)
const client = new Redis(url, { autoResendUnfulfilledCommands: false }).on("error", () => undefined);
const store = redisStore(client, { deadline: "5s" });
const jobsOf = store.jobs.bind(store);
store.jobs = (queue) => watched(jobsOf(queue));
const kit = createKit({ service: "proof", store });
kit.events.on("job.succeeded", ({ id }) => note("ended", id, 0));
kit.events.on("job.released", ({ id }) => note("released", id, 0));
kit.events.on("job.lost", ({ id }) => note("lost", id, 0));
const tools = kit.queue("jobs", {
  lease: Number(lease),
  attempts: 1_000,
  poll: "50ms",
  jobs: {
    work: kit.job({
      input: z.object({ n: z.number() }),
      run: async ({ n }) => {
        await new Promise((resolve) => setTimeout(resolve, n % 100));
        return n;
      },
    }),
  },
});
tools.process({ concurrency: 20 });
process.send?.("ready");
// It ends with its parent, if nobody kills it before.
process.on("disconnect", () => process.exit(0));

/** Notes each lease that is given out, with the store's own time. */
function watched(jobs: JobStore): JobStore {
  const given = (claim: Claim | undefined) => {
    for (const { id, fence } of claim?.jobs ?? []) note("claimed", id, fence, claim?.now ?? 0);
  };
  return new Proxy(jobs, {
    get(target, name: keyof JobStore) {
      if (name === "claim")
        return async (...asked: Parameters<JobStore["claim"]>) => {
          const claim = await target.claim(...asked);
          if (!(claim instanceof StoreFailure)) given(claim);
          return claim;
        };
      if (name === "finish")
        return async (...asked: Parameters<JobStore["finish"]>) => {
          const outcome = await target.finish(...asked);
          if (!(outcome instanceof StoreFailure)) given(outcome.claim);
          return outcome;
        };
      const value = target[name];
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
