import {
  ConsecutiveBreaker,
  circuitBreaker,
  bulkhead as cockatielBulkhead,
  timeout as cockatielTimeout,
  handleAll,
  SamplingBreaker,
  TimeoutStrategy,
} from "cockatiel";
import pTimeout from "p-timeout";
import { Breaker, Bulkhead, Timeout } from "../../src/index.js";
import { compete, report } from "../harness.js";

const callee = async () => 1;

const breaker = new Breaker("breaker", {});
const sampling = circuitBreaker(handleAll, {
  halfOpenAfter: 5_000,
  breaker: new SamplingBreaker({ threshold: 0.5, duration: 30_000, minimumRps: 1 }),
});
const consecutive = circuitBreaker(handleAll, { halfOpenAfter: 5_000, breaker: new ConsecutiveBreaker(5) });
const guarded = async (n: number) => {
  for (let i = 0; i < n; i++) await breaker.run(callee);
};

const free = new Bulkhead("free", { maxConcurrent: 10 });
const theirFree = cockatielBulkhead(10);

const narrow = new Bulkhead("narrow", { maxConcurrent: 10, maxQueue: 1000 });
const theirNarrow = cockatielBulkhead(10, 1000);

const timeout = new Timeout("timeout", { after: "10s" });
const theirTimeout = cockatielTimeout(10_000, { strategy: TimeoutStrategy.Aggressive, abortOnReturn: true });
const timed = async (n: number) => {
  for (let i = 0; i < n; i++) await timeout.run(callee);
};

report("policies", [
  await compete({
    path: "breaker closed",
    ours: guarded,
    peer: async (n) => {
      for (let i = 0; i < n; i++) await sampling.execute(callee);
    },
    peerName: "cockatiel 3, sampling",
    target: 1,
    calls: 200_000,
  }),
  await compete({
    path: "breaker closed",
    ours: guarded,
    peer: async (n) => {
      for (let i = 0; i < n; i++) await consecutive.execute(callee);
    },
    peerName: "cockatiel 3, consecutive",
    target: 1,
    calls: 200_000,
  }),
  await compete({
    path: "bulkhead free",
    ours: async (n) => {
      for (let i = 0; i < n; i++) await free.run(callee);
    },
    peer: async (n) => {
      for (let i = 0; i < n; i++) await theirFree.execute(callee);
    },
    peerName: "cockatiel 3",
    target: 1,
    calls: 200_000,
  }),
  await compete({
    path: "bulkhead 1000 through 10",
    ours: async (n) => {
      for (let i = 0; i < n; i += 1000) {
        const calls: Promise<number>[] = [];
        for (let k = 0; k < 1000; k++) calls.push(narrow.run(callee));
        await Promise.all(calls);
      }
    },
    peer: async (n) => {
      for (let i = 0; i < n; i += 1000) {
        const calls: Promise<number>[] = [];
        for (let k = 0; k < 1000; k++) calls.push(theirNarrow.execute(callee));
        await Promise.all(calls);
      }
    },
    peerName: "cockatiel 3",
    target: 0.6,
    calls: 100_000,
  }),
  await compete({
    path: "time-out not firing",
    ours: timed,
    peer: async (n) => {
      for (let i = 0; i < n; i++) await pTimeout(callee(), { milliseconds: 10_000 });
    },
    peerName: "p-timeout 7",
    target: 1 / 20,
    calls: 100_000,
    peerCalls: 10_000,
  }),
  await compete({
    path: "time-out not firing",
    ours: timed,
    peer: async (n) => {
      for (let i = 0; i < n; i++) await theirTimeout.execute(callee);
    },
    peerName: "cockatiel 3",
    target: 1 / 20,
    calls: 100_000,
    peerCalls: 10_000,
  }),
]);
process.exit();
