/**
 * A process of its own on a database that others use, too: `limit <path> <n>` takes n units of a limit and says how many
 * it got; `work <path>` works on a queue until it is killed, and says which jobs it ran.
 */
import Libsql from "libsql";
import { z } from "zod";
import { createKit } from "../../src/index.js";
import { sqliteStore } from "../../src/stores/sqlite/index.js";

const [what, path = "", n = "0"] = process.argv.slice(2);
const store = sqliteStore(new Libsql(path) as never, { busyTimeout: "10s" });
const kit = createKit({ service: "shop", store });

if (what === "limit") {
  const limiter = kit.limiter("turns", { algorithm: "gcra", limit: 500, per: "1d", onStoreFailure: "closed" });
  let allowed = 0;
  for (let i = 0; i < Number(n); i++) if ((await limiter.check("everybody")).allowed) allowed++;
  console.log(allowed);
} else {
  const tools = kit.queue("tools", {
    lease: "1s",
    poll: "20ms",
    attempts: 1_000,
    jobs: {
      work: kit.job({
        input: z.object({ i: z.number() }),
        run: async ({ i }, { attempt }) => {
          await new Promise((resolve) => setTimeout(resolve, 2));
          console.log(`${i} ${attempt}`);
          return i;
        },
      }),
    },
  });
  tools.process({ concurrency: 5 });
  // It ends when its parent does, or kills it.
  process.stdin.resume().on("end", () => process.exit(0));
}
