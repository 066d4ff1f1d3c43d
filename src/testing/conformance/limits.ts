import { seeded } from "../../core/seeded.js";
import { fixedWindow } from "../../kernel/limit/fixed-window.js";
import { gcra } from "../../kernel/limit/gcra.js";
import type { LimitConfig, LimitDecision, LimitInput, LimitKernel, LimitState } from "../../kernel/limit/limit.js";
import { slidingLog } from "../../kernel/limit/sliding-log.js";
import { slidingWindow } from "../../kernel/limit/sliding-window.js";
import { tokenBucket } from "../../kernel/limit/token-bucket.js";
import { atOnce, type Bench, stepped } from "./bench.js";

/** Every algorithm. */
export const LIMITS: readonly LimitKernel[] = [fixedWindow, slidingWindow, slidingLog, tokenBucket, gcra];

/** Long enough for nothing to come back while a test runs. */
export const SLOW: LimitConfig = { limit: 5, windowMs: 3_600_000, burst: 5, blockMs: 0 };
const QUICK: LimitConfig = { limit: 3, windowMs: 200, burst: 3, blockMs: 0 };

/** The request for some units. */
export function taking(amount = 1): LimitInput {
  return { op: "take", amount, at: -1 };
}

const PEEK: LimitInput = { op: "peek", amount: 1, at: -1 };

/** Limits: each algorithm by itself. */
export function limitTests(bench: Bench): void {
  for (const kernel of LIMITS)
    bench.describe(kernel.name.replace("limit/", "limits by "), () => {
      bench.it("allow no more than there is, however many ask at once", async ({ store }) => {
        const cells = store.open(kernel, "limiter:a");
        const decisions = await atOnce(30, () => stepped(cells, "key", SLOW, taking()));
        bench.equal(decisions.filter(({ allowed }) => allowed).length, 5);
        bench.equal((await stepped(cells, "another key", SLOW, taking())).allowed, true);
      });

      bench.it("take nothing for who looks, and give back what is refunded, reset or blocked", async ({ store }) => {
        const cells = store.open(kernel, "limiter:a");
        for (let n = 0; n < 3; n++) await stepped(cells, "key", SLOW, PEEK);
        bench.equal((await stepped(cells, "key", SLOW, PEEK)).remaining, 5);
        const { at } = await stepped(cells, "key", SLOW, taking(5));
        bench.equal((await stepped(cells, "key", SLOW, taking())).allowed, false);
        await stepped(cells, "key", SLOW, { op: "refund", amount: 2, at });
        bench.equal((await stepped(cells, "key", SLOW, PEEK)).remaining, 2);
        await stepped(cells, "key", SLOW, { op: "block", amount: 60_000, at: -1 });
        bench.equal((await stepped(cells, "key", SLOW, taking(0))).allowed, false);
        await stepped(cells, "key", SLOW, { op: "reset", amount: 0, at: -1 });
        bench.equal((await stepped(cells, "key", SLOW, taking(5))).allowed, true);
      });

      bench.it("are whole again when their time is over", async ({ store, advance }) => {
        const cells = store.open(kernel, "limiter:a");
        await stepped(cells, "key", QUICK, taking(3));
        bench.equal((await stepped(cells, "key", QUICK, taking())).allowed, false);
        // Twice the window, and a little: a sliding window remembers the one before.
        await advance(250);
        await advance(200);
        bench.equal((await stepped(cells, "key", QUICK, taking(3))).allowed, true);
      });

      bench.it(
        "are decided as the kernel decides, to the last bit, through changes of their configuration",
        async (one) => {
          const { store, advance } = one;
          const cells = store.open(kernel, "limiter:a");
          const reference = new Reference(kernel);
          const random = seeded(17);
          const some = (below: number) => Math.floor(random() * below);
          let config = QUICK;
          for (let n = 0; n < 80; n++) {
            if (n % 10 === 9)
              config = { limit: 1 + some(8), windowMs: 50 + some(300), burst: 1 + some(8), blockMs: some(2) * 40 };
            if (n % 4 === 3) await advance(some(60));
            const { input, key } = request(some, kernel, config);
            const decision = await stepped(cells, key, config, input);
            bench.equal(decision, reference.step(key, decision.at, config, input));
          }
        },
      );
    });
}

function request(some: (below: number) => number, kernel: LimitKernel, config: LimitConfig) {
  const bursts = kernel === tokenBucket || kernel === gcra;
  const amount = some(1 + (bursts ? config.burst : config.limit));
  const input: LimitInput =
    some(6) === 0 ? { op: "block", amount: some(80), at: -1 } : some(6) === 0 ? { ...PEEK, amount } : taking(amount);
  return { key: `key ${some(2)}`, input };
}

/** The kernel over states in a map: when the store decided is known from its decision. */
class Reference {
  readonly #kernel: LimitKernel;
  readonly #cells = new Map<string, { state: LimitState; until: number }>();

  constructor(kernel: LimitKernel) {
    this.#kernel = kernel;
  }

  step(key: string, now: number, config: LimitConfig, input: LimitInput): LimitDecision {
    const held = this.#cells.get(key);
    const live = held !== undefined && held.until > now ? held.state : undefined;
    const { state, ttlMs, decision } = this.#kernel.step(live, now, config, input);
    if (state === null) this.#cells.delete(key);
    else if (state !== undefined) this.#cells.set(key, { state, until: now + ttlMs });
    return decision;
  }
}
