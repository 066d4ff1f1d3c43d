/** One of the processes that hammer a limiter: as fast as it can until it is told to end; then tells when it was let through. */
import { Redis } from "ioredis";
import { Limiter, type LimiterOptions, runtime, takeAll } from "../src/index.js";
import { redisStore } from "../src/stores/redis/index.js";

/** What the parent says. */
export interface Order {
  readonly url: string;
  readonly prefix: string;
  readonly options: LimiterOptions;
  readonly forMs: number;
  /** A second limit of half as much, taken with the first: in one step, or in turn with what was taken handed back. */
  readonly second?: "atomic" | "compensated";
}

/** What a process answers: when each request was let through, in milliseconds of this machine's clock. */
export interface Deed {
  readonly asked: number;
  readonly degraded: number;
  readonly admittedAt: readonly number[];
}

process.once("message", (order: Order) => {
  void hammer(order).then((deed) => process.send?.(deed, () => process.exit(0)));
});

async function hammer({ url, prefix, options, forMs, second }: Order): Promise<Deed> {
  const client = new Redis(url, { autoResendUnfulfilledCommands: false });
  const rt = runtime({ store: redisStore(client, { prefix }) });
  const limiter = new Limiter("hammered", options, rt);
  // What lies in another store can't be stepped together with the first.
  const apart = second === "compensated" ? runtime({ store: redisStore(client, { prefix: `${prefix}-apart` }) }) : rt;
  const half = new Limiter("half", { ...options, limit: (options.limit as number) / 2 }, apart);
  const check = async () => {
    if (second === undefined) return limiter.check("key");
    const both = await takeAll([
      { limiter, key: "key" },
      { limiter: half, key: "key" },
    ]);
    if (both.atomicity !== second) throw new Error(`it was ${both.atomicity}`);
    // The tighter of the two, and the one that decides last.
    const [, last] = both.decisions;
    if (last === undefined) throw new Error("there are two decisions");
    const degraded = both.decisions.find(({ source }) => source !== "store");
    return { allowed: both.allowed, at: last.at, source: degraded?.source ?? last.source };
  };
  const end = Date.now() + forMs;
  const admittedAt: number[] = [];
  let asked = 0;
  let degraded = 0;
  const one = async () => {
    while (Date.now() < end) {
      const decision = await check();
      asked++;
      if (decision.source !== "store") degraded++;
      // What was fetched ahead counts when it is used, everything else when the server decided.
      if (decision.allowed) admittedAt.push(options.prefetch === undefined ? decision.at : Date.now());
      if (asked % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await Promise.all(Array.from({ length: 16 }, one));
  client.disconnect();
  return { asked, degraded, admittedAt };
}
