import type { Kernel } from "../../../core/kernel.js";
import { alertKernel } from "../../../kernel/alerts/alert.js";
import { circuitKernel } from "../../../kernel/breaker/circuit.js";
import { sharedBreakerKernel } from "../../../kernel/breaker/shared-breaker.js";
import { cacheEntryKernel } from "../../../kernel/cache/entry.js";
import { idempotencyKernel } from "../../../kernel/idempotency/idempotency.js";
import { leaseKernel } from "../../../kernel/leases/leases.js";
import { fixedWindow } from "../../../kernel/limit/fixed-window.js";
import { gcra } from "../../../kernel/limit/gcra.js";
import { slidingLog } from "../../../kernel/limit/sliding-log.js";
import { slidingWindow } from "../../../kernel/limit/sliding-window.js";
import { tokenBucket } from "../../../kernel/limit/token-bucket.js";
import { namespaceKernel } from "../../../kernel/namespace/namespace.js";
import { sliCell } from "../../../kernel/sli/sli-cell.js";

/** A kernel whose types don't matter: what it is given comes as JSON from a client that knows them. */
export type AnyKernel = Kernel<unknown, unknown, unknown, object>;

const all = [
  gcra,
  tokenBucket,
  fixedWindow,
  slidingWindow,
  slidingLog,
  leaseKernel,
  sharedBreakerKernel,
  circuitKernel,
  idempotencyKernel<unknown>(),
  cacheEntryKernel,
  namespaceKernel,
  sliCell,
  alertKernel,
] as readonly unknown[] as readonly AnyKernel[];

/** Every kernel of this package, by its name: a component can run no other, for functions don't cross its boundary. */
export const kernels: ReadonlyMap<string, AnyKernel> = new Map(all.map((kernel) => [kernel.name, kernel]));
