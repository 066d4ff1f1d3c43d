/** One of the processes that hammer a limiter: as fast as it can until it is told to end; then tells when it was let through. */
import { Redis } from "ioredis";
import { Limiter, type LimiterOptions, runtime } from "../src/index.js";
import { redisStore } from "../src/stores/redis/index.js";

/** What the parent says. */
export interface Order {
  readonly url: string;
  readonly prefix: string;
  readonly options: LimiterOptions;
  readonly forMs: number;
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

async function hammer({ url, prefix, options, forMs }: Order): Promise<Deed> {
  const client = new Redis(url, { autoResendUnfulfilledCommands: false });
  const limiter = new Limiter("hammered", options, runtime({ store: redisStore(client, { prefix }) }));
  const end = Date.now() + forMs;
  const admittedAt: number[] = [];
  let asked = 0;
  let degraded = 0;
  const one = async () => {
    while (Date.now() < end) {
      const decision = await limiter.check("key");
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
