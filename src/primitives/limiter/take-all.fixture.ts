import { Limiter } from "./limiter.js";
import type { LimiterOptions } from "./options.js";
import type { LimiterTake } from "./take-all.js";
import { troubled } from "./troubled-store.fixture.js";

/** Two limiters on one troubled store. */
export function setup(options: Partial<LimiterOptions<never>> = {}) {
  const parts = troubled();
  const make = (name: string, limit: number, per: "1s" | "1m" | "1h", more: Partial<LimiterOptions<never>> = {}) =>
    new Limiter(name, { algorithm: "fixed-window", limit, per, ...options, ...more }, parts.rt);
  const perMinute = make("minute", 4, "1m");
  const perHour = make("hour", 6, "1h");
  return {
    ...parts,
    make,
    perMinute,
    perHour,
    both: (cost = 1): LimiterTake[] => [
      { limiter: perMinute, key: "ann", cost },
      { limiter: perHour, key: "ann", cost },
    ],
    left: async () => [(await perMinute.peek("ann")).remaining, (await perHour.peek("ann")).remaining],
  };
}
