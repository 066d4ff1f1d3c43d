import { componentsGeneric } from "convex/server";
import { convexTest } from "convex-test";
import { describe, expect, it } from "vitest";
import { StoreFailure } from "../../core/store.js";
import { gcra } from "../../kernel/limit/gcra.js";
import { asking, newJob } from "../../testing/conformance/jobs/job-bench.js";
import { convexStore } from "./convex-store.js";
import type { ActionPlace, KeelsonComponent } from "./ctx.js";
import { register } from "./test.js";

const { keelson } = componentsGeneric() as unknown as { keelson: KeelsonComponent };
const CONFIG = { limit: 100, windowMs: 60_000, burst: 100, blockMs: 0 };
const TAKE = { op: "take", amount: 1, at: -1 } as const;

/** Reading a document, and changing it, which convex-test counts as reading it once more. */
const DOCUMENT = 2;

/** A deployment that refuses transactions which read or write more documents; `asked` has what it was asked. */
function deployment(limits: { readonly documentsRead?: number; readonly documentsWritten?: number }) {
  const t = convexTest({
    modules: { "./_generated/api.ts": () => Promise.resolve({}) },
    transactionLimits: limits,
  });
  register(t);
  const asked: string[] = [];
  const noted =
    (kind: string, run: (...call: never[]) => Promise<unknown>) =>
    (...call: never[]) => {
      asked.push(kind);
      return run(...call);
    };
  const ctx = {
    runQuery: noted("query", t.query as never),
    runMutation: noted("mutation", t.mutation as never),
    runAction: noted("action", t.action as never),
  } as unknown as ActionPlace;
  return { asked, store: (options = {}) => convexStore(ctx, keelson, options) };
}

describe("what Convex is asked", () => {
  it("is one mutation for a limiter's decision, of one document", async () => {
    const { asked, store } = deployment({ documentsRead: DOCUMENT, documentsWritten: 1 });
    const cells = store().open(gcra, "shop:limiter:chat");
    for (let n = 0; n < 5; n++) expect(await cells.step("ada", CONFIG, TAKE)).toMatchObject({ allowed: true });
    expect(asked).toEqual(Array(5).fill("mutation"));
  });

  it("is one mutation that reads two documents where the limit is spread", async () => {
    const { asked, store } = deployment({ documentsRead: DOCUMENT + 1, documentsWritten: 1 });
    const cells = store({ shards: { chat: 8 } }).open(gcra, "shop:limiter:chat");
    for (let n = 0; n < 30; n++) expect(await cells.step("ada", CONFIG, TAKE)).toMatchObject({ allowed: true });
    expect(asked).toEqual(Array(30).fill("mutation"));
  });

  it("is refused by these limits where it would be more, so that the counts mean something", async () => {
    const { store } = deployment({ documentsRead: DOCUMENT });
    const cells = store({ shards: { chat: 2 } }).open(gcra, "shop:limiter:chat");
    const told: unknown[] = [];
    for (let n = 0; n < 30; n++) told.push(await cells.step("ada", CONFIG, TAKE));
    expect(told.some((one) => one instanceof StoreFailure)).toBe(true);
  });

  it("is for a claim what its tools are, however long the queue is", async () => {
    // The queue, its three tools, the job, and what is delayed or runs soonest.
    const { store } = deployment({ documentsRead: 16 });
    const jobs = store().jobs("tools");
    for (let n = 0; n < 40; n++) {
      for (const tool of ["a", "b", "c"]) await jobs.enqueue([newJob(`${tool}${n}`, { tool })]);
    }
    for (let n = 0; n < 12; n++) {
      const claim = await jobs.claim(asking(1, { a: 0, b: 0, c: 0 }));
      expect(claim).toMatchObject({ jobs: [{}] });
    }
  });
});
