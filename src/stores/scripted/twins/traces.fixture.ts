import fc from "fast-check";
import type { Kernel } from "../../../core/kernel.js";
import { alertKernel } from "../../../kernel/alerts/alert.js";
import { sharedBreakerKernel } from "../../../kernel/breaker/shared-breaker.js";
import { type CacheEntryState, cacheEntryKernel } from "../../../kernel/cache/entry.js";
import { type IdempotencyState, idempotencyKernel } from "../../../kernel/idempotency/idempotency.js";
import { leaseKernel } from "../../../kernel/leases/leases.js";
import { fixedWindow } from "../../../kernel/limit/fixed-window.js";
import { gcra } from "../../../kernel/limit/gcra.js";
import type { LimitConfig, LimitInput, LimitKernel } from "../../../kernel/limit/limit.js";
import { slidingLog } from "../../../kernel/limit/sliding-log.js";
import { slidingWindow } from "../../../kernel/limit/sliding-window.js";
import { tokenBucket } from "../../../kernel/limit/token-bucket.js";
import { namespaceKernel } from "../../../kernel/namespace/namespace.js";
import { sliCell } from "../../../kernel/sli/sli-cell.js";

/** One step of a trace: so many milliseconds later, or earlier. */
export interface TraceStep<Config, Input> {
  readonly afterMs: number;
  readonly config: Config;
  readonly input: Input;
}

/** A kernel, what may be asked of it, and its state as its twin keeps it: flat, behind the version. */
export interface Traced<S, Config, Input, D extends object> {
  readonly kernel: Kernel<S, Config, Input, D>;
  readonly steps: fc.Arbitrary<TraceStep<Config, Input>>;
  flat(state: S): readonly (number | string)[];
  /** The input that is really asked, where it depends on what was decided before. */
  readonly follow?: (input: Input, earlier: readonly D[]) => Input;
}

export type AnyTraced = Traced<unknown, unknown, unknown, object>;

/** Mostly a little later; now and then long after, not at all, or before. */
const afterMs = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 120 }) },
  { weight: 2, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.integer({ min: -3_600_000, max: -1 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1_000, max: 40_000_000 }) },
);

const numbers = (state: readonly number[]) => state;

function limits(kernel: LimitKernel, bursts: boolean, most: number): AnyTraced {
  const small = fc.record<LimitConfig>({
    limit: fc.integer({ min: 1, max: 12 }),
    windowMs: fc.integer({ min: 1, max: 500 }),
    burst: fc.integer({ min: 1, max: 12 }),
    blockMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 200 })),
  });
  // Where products come near to what a double holds.
  const large = fc.record<LimitConfig>({
    limit: fc.integer({ min: 1, max: most }),
    windowMs: fc.integer({ min: 31_000_000_000, max: 31_622_400_000 }),
    burst: fc.integer({ min: 1, max: 100_000 }),
    blockMs: fc.constant(0),
  });
  const config = fc.oneof({ weight: 4, arbitrary: small }, { weight: 1, arbitrary: large });
  const op = fc.constantFrom<LimitInput["op"]>(
    "take",
    "take",
    "take",
    "take",
    "take",
    "peek",
    "refund",
    "reset",
    "block",
  );
  const steps = fc
    .record({ afterMs, config, op, share: fc.double({ min: 0, max: 1, noNaN: true }), back: fc.nat(4) })
    .map(({ afterMs, config, op, share, back }) => {
      const capacity = bursts ? config.burst : config.limit;
      const amount = op === "block" ? Math.floor(share * 300) : op === "reset" ? 0 : Math.round(share ** 2 * capacity);
      return { afterMs, config, input: { op, amount, at: back } };
    });
  const traced: Traced<readonly number[], LimitConfig, LimitInput, { readonly at: number }> = {
    kernel,
    steps,
    flat: numbers,
    // A refund names a decision, or none.
    follow: (input, earlier) => ({
      ...input,
      at: input.op === "refund" && input.at > 0 ? (earlier.at(-input.at)?.at ?? -1) : -1,
    }),
  };
  return traced as unknown as AnyTraced;
}

const some = fc.integer({ min: 1, max: 5 });

const leases: AnyTraced = {
  kernel: leaseKernel,
  flat: numbers,
  steps: fc.record({
    afterMs,
    config: fc.record({ capacity: fc.integer({ min: 1, max: 4 }), leaseMs: fc.integer({ min: 1, max: 300 }) }),
    input: fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({ op: fc.constant("acquire"), nonce: fc.oneof(some, fc.constant(2 ** 48 - 1)) }),
      },
      fc.record({ op: fc.constantFrom("renew", "release"), fence: some }),
      fc.constant({ op: "peek" }),
    ),
  }),
  follow: (input: { op: string; fence?: number }, earlier: readonly { fence: number }[]) =>
    input.fence === undefined ? input : { op: input.op, fence: earlier.at(-input.fence)?.fence ?? 7 },
} as unknown as AnyTraced;

const breaker: AnyTraced = {
  kernel: sharedBreakerKernel,
  flat: numbers,
  steps: fc.record({
    afterMs,
    config: fc.record({ quorum: fc.integer({ min: 1, max: 3 }), probeMs: fc.integer({ min: 1, max: 300 }) }),
    input: fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({
          op: fc.constant("advertise"),
          node: some,
          openMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 400 })),
        }),
      },
      fc.constant({ op: "probe" }),
      fc.record({ op: fc.constant("settle"), fence: some, recovered: fc.boolean() }),
      fc.constant({ op: "read" }),
    ),
  }),
  follow: (input: { op: string; fence?: number }, earlier: readonly { fence: number }[]) =>
    input.fence === undefined ? input : { ...input, fence: earlier.at(-input.fence)?.fence ?? 7 },
} as unknown as AnyTraced;

const odd = fc.constantFrom("a", "", 'ü "\u0000\n😀', "123", "null", "[1]", "=x", "\\");

const idempotency: AnyTraced = {
  kernel: idempotencyKernel<unknown>(),
  flat: (state: IdempotencyState<unknown>) =>
    state.phase === "inflight"
      ? [1, state.fingerprint, state.fence, state.leaseUntil, ""]
      : state.phase === "unknown"
        ? [2, state.fingerprint, state.fence, 0, ""]
        : [3, state.fingerprint, 0, 0, `=${JSON.stringify(state.record)}`],
  steps: fc.record({
    afterMs,
    config: fc.record({
      leaseMs: fc.integer({ min: 1, max: 300 }),
      ttlMs: fc.integer({ min: 300, max: 3_000 }),
      onLeaseExpired: fc.constantFrom("rerun", "resume", "unknown"),
    }),
    input: fc.oneof(
      {
        weight: 2,
        arbitrary: fc.record({ op: fc.constant("begin"), fingerprint: fc.constantFrom("a", "b"), fence: some }),
      },
      fc.record({
        op: fc.constant("complete"),
        fence: some,
        record: fc.oneof(odd, fc.constant(null), fc.record({ status: fc.integer(), body: odd })),
      }),
      fc.record({ op: fc.constantFrom("renew", "release"), fence: some }),
    ),
  }),
} as unknown as AnyTraced;

const namespaces: AnyTraced = {
  kernel: namespaceKernel,
  flat: numbers,
  steps: fc.record({
    afterMs,
    config: fc.record({ keepMs: fc.integer({ min: 100, max: 10_000 }) }),
    input: fc.record({ op: fc.constantFrom("look", "read", "bump"), nonce: fc.oneof(some, fc.constant(2 ** 48 - 1)) }),
  }),
} as unknown as AnyTraced;

const cacheEntries: AnyTraced = {
  kernel: cacheEntryKernel,
  flat: ({ epoch, fence, leaseUntil, freshUntil, graceUntil, waited, text }: CacheEntryState) => [
    epoch,
    fence,
    leaseUntil,
    freshUntil,
    graceUntil,
    waited ? 1 : 0,
    text === null ? "" : `=${text}`,
  ],
  steps: fc.record({
    afterMs,
    config: fc.record({ leaseMs: fc.integer({ min: 1, max: 300 }) }),
    input: fc
      .tuple(
        fc.constantFrom(7, 8),
        fc.oneof(
          {
            weight: 3,
            arbitrary: fc.record({ op: fc.constant("read"), fence: fc.constantFrom(0, 1, 2, 2 ** 48 - 1) }),
          },
          fc.record({
            op: fc.constantFrom("commit", "set"),
            fence: fc.constantFrom(0, 1, 2, 2 ** 48 - 1),
            text: odd,
            freshMs: fc.integer({ min: 1, max: 300 }),
            keepMs: fc.nat(300),
          }),
          fc.record({ op: fc.constantFrom("release", "delete"), fence: fc.constantFrom(0, 1, 2) }),
        ),
      )
      .map(([epoch, input]) => ({ epoch, ...input })),
  }),
} as unknown as AnyTraced;

const counts = fc
  .tuple(
    fc.nat(1_000),
    fc.nat(5),
    fc.uniqueArray(fc.nat(143), { maxLength: 4 }),
    fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 4, maxLength: 4 }),
  )
  .map(([valid, bad, buckets, each]) => [
    valid,
    bad,
    ...buckets.sort((a, b) => a - b).flatMap((bucket, i) => [bucket, each[i] as number]),
  ]);

const sli: AnyTraced = {
  kernel: sliCell,
  flat: numbers,
  steps: fc.record({
    afterMs,
    config: fc.record({ ttlMs: fc.integer({ min: 100, max: 100_000 }) }),
    input: fc.record({ counts: fc.oneof(counts, fc.constant([0, 0])) }),
  }),
} as unknown as AnyTraced;

const alerts: AnyTraced = {
  kernel: alertKernel,
  flat: numbers,
  steps: fc.record({
    afterMs,
    config: fc.record({ holdMs: fc.nat(400), keepMs: fc.integer({ min: 300, max: 100_000 }) }),
    input: fc.record({
      op: fc.constantFrom("burning", "lingering", "calm", "calm", "look"),
      by: fc.oneof(some, fc.constant(2 ** 48 - 1)),
    }),
  }),
} as unknown as AnyTraced;

/** Every kernel. */
export const traced: readonly AnyTraced[] = [
  limits(fixedWindow, false, 2 ** 50),
  limits(slidingWindow, false, 100_000),
  limits(slidingLog, false, 200),
  limits(tokenBucket, true, 100_000),
  limits(gcra, true, 2 ** 40),
  leases,
  breaker,
  idempotency,
  namespaces,
  cacheEntries,
  sli,
  alerts,
];
