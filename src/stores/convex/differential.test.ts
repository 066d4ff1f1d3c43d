import { componentsGeneric } from "convex/server";
import { convexTest } from "convex-test";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { traced } from "../scripted/twins/traces.fixture.js";
import { convexStore } from "./convex-store.js";
import type { ActionPlace, KeelsonComponent } from "./ctx.js";
import { kernels } from "./server/kernels.js";
import { register } from "./test.js";

const { keelson } = componentsGeneric() as unknown as { keelson: KeelsonComponent };
const START = 1_764_000_000_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: START });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("the component", () => {
  it("knows every kernel of this package, and the breaker's that lies in the store", () => {
    const names = traced.map(({ kernel }) => kernel.name);
    expect([...kernels.keys()].sort()).toEqual([...names, "circuit"].sort());
  });
});

describe.each(traced.map((one) => [one.kernel.name, one] as const))("%s in Convex", (_, { kernel, steps, follow }) => {
  it("decides and forgets as it does on its own, though the clock goes back", async () => {
    const t = convexTest({ modules: { "./_generated/api.ts": () => Promise.resolve({}) } });
    register(t);
    const { query: runQuery, mutation: runMutation, action: runAction } = t;
    const cells = convexStore({ runQuery, runMutation, runAction } as ActionPlace, keelson).open(kernel, "cells");
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 1, maxLength: 12 }), async (trace) => {
        const key = `${runs++}`;
        const decisions: object[] = [];
        let now = START;
        let state: unknown;
        let until = 0;
        for (const { afterMs, config, input } of trace) {
          now += afterMs;
          vi.setSystemTime(now);
          const asked = follow?.(input, decisions) ?? input;
          // (What has expired is still there until it is cleaned up, and counts again should the clock go back so far.)
          const step = kernel.step(until > now ? state : undefined, now, config, asked);
          expect(await cells.step(key, config, asked)).toEqual(step.decision);
          decisions.push(step.decision);
          if (step.state === undefined) continue;
          const gone = step.state === null || step.ttlMs <= 0;
          // What is written again only to be kept longer may be left as it is while half of its time is left.
          if (
            kernel.renews &&
            !gone &&
            JSON.stringify(step.state) === JSON.stringify(state) &&
            until - now > step.ttlMs / 2
          )
            continue;
          state = gone ? undefined : step.state;
          until = gone ? 0 : now + step.ttlMs;
        }
      }),
      { numRuns: 60 },
    );
  });
});
