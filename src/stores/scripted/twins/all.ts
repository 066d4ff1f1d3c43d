import { alertTwin } from "./alert.js";
import { cacheEntryTwin } from "./cache-entry.js";
import { idempotencyTwin } from "./idempotency.js";
import { leaseTwin } from "./leases.js";
import { limitTwins } from "./limits.js";
import { namespaceTwin } from "./namespace.js";
import { sharedBreakerTwin } from "./shared-breaker.js";
import { sliTwin } from "./sli.js";
import type { AnyTwin } from "./twin.js";

/** A twin of every kernel of this package. */
export const twins = [
  ...limitTwins,
  leaseTwin,
  sharedBreakerTwin,
  idempotencyTwin,
  namespaceTwin,
  cacheEntryTwin,
  sliTwin,
  alertTwin,
] as readonly unknown[] as readonly AnyTwin[];
