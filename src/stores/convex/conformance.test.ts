import { componentsGeneric } from "convex/server";
import { convexTest } from "convex-test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { describeStore } from "../../testing/conformance/describe-store.js";
import { describeJobStore } from "../../testing/conformance/jobs/describe-job-store.js";
import { convexStore } from "./convex-store.js";
import type { ActionPlace, KeelsonComponent } from "./ctx.js";
import { register } from "./test.js";

const { keelson } = componentsGeneric() as unknown as { keelson: KeelsonComponent };

/** Calls of an action, each of them a transaction of its own. */
function deployment() {
  const t = convexTest({ modules: { "./_generated/api.ts": () => Promise.resolve({}) } });
  register(t);
  const { query: runQuery, mutation: runMutation, action: runAction } = t;
  const ctx = { runQuery, runMutation, runAction } as ActionPlace;
  return convexStore(ctx, keelson);
}

describe("a Convex deployment", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"], now: 1_700_000_000_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const advance = (ms: number) => void vi.setSystemTime(Date.now() + ms);

  describeStore(
    "convex",
    () => ({ store: deployment(), advance }),
    { describe, it, expect },
    { bounded: false, anyKernel: false },
  );
  describeJobStore(
    "convex",
    () => {
      const store = deployment();
      return { jobs: store.jobs("tools"), advance, closeStore: () => store.close() };
    },
    { describe, it, expect },
  );
});
