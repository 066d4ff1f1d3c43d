import {
  bulkhead,
  circuitBreaker,
  ExponentialBackoff,
  handleAll,
  retry,
  SamplingBreaker,
  TimeoutStrategy,
  timeout,
  wrap,
} from "cockatiel";
import { Upstream } from "../../src/index.js";
import { compete, report } from "../harness.js";

const callee = async () => 1;
const policies = {
  retry: { attempts: 3 },
  breaker: { window: "30s", failureRate: 0.5, minimumCalls: 20 },
  bulkhead: { maxConcurrent: 32, maxQueue: 64 },
} as const;
const ours = new Upstream("all", { ...policies, timeout: "30s", attemptTimeout: "10s" });
const oursWithout = new Upstream("without", policies);

const cockatielRetry = retry(handleAll, { maxAttempts: 2, backoff: new ExponentialBackoff() });
const cockatielBreaker = () =>
  circuitBreaker(handleAll, {
    halfOpenAfter: 5_000,
    breaker: new SamplingBreaker({ threshold: 0.5, duration: 30_000, minimumRps: 1 }),
  });
// Its time-out as it comes, and one of them where ours has two (each attempt's and the whole call's).
const theirs = wrap(
  cockatielRetry,
  cockatielBreaker(),
  bulkhead(32, 64),
  timeout(10_000, { strategy: TimeoutStrategy.Aggressive, abortOnReturn: true }),
);
const theirsWithout = wrap(cockatielRetry, cockatielBreaker(), bulkhead(32, 64));

report("upstream", [
  await compete({
    path: "upstream.run, callee ignores the signal",
    ours: async (n) => {
      for (let i = 0; i < n; i++) await ours.run(callee);
    },
    peer: async (n) => {
      for (let i = 0; i < n; i++) await theirs.execute(callee);
    },
    peerName: "cockatiel 3 wrap",
    target: 1 / 15,
    calls: 100_000,
    peerCalls: 10_000,
  }),
  await compete({
    path: "upstream.run, callee reads the signal",
    ours: async (n) => {
      for (let i = 0; i < n; i++) await ours.run(async ({ signal }) => signal.aborted);
    },
    peer: async (n) => {
      for (let i = 0; i < n; i++) await theirs.execute(async ({ signal }) => signal.aborted);
    },
    peerName: "cockatiel 3 wrap",
    target: 1 / 4,
    calls: 20_000,
    peerCalls: 10_000,
  }),
  await compete({
    path: "the same without time-out",
    ours: async (n) => {
      for (let i = 0; i < n; i++) await oursWithout.run(callee);
    },
    peer: async (n) => {
      for (let i = 0; i < n; i++) await theirsWithout.execute(callee);
    },
    peerName: "cockatiel 3 wrap without time-out",
    target: 0.8,
    calls: 100_000,
  }),
]);
process.exit();
