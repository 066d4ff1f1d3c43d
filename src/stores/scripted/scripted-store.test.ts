import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { StoreFailure } from "../../core/store.js";
import { idempotencyKernel } from "../../kernel/idempotency/idempotency.js";
import { fixedWindow } from "../../kernel/limit/fixed-window.js";
import { gcra } from "../../kernel/limit/gcra.js";
import type { LimitInput } from "../../kernel/limit/limit.js";
import { ManualClock } from "../../testing/manual-clock.js";
import type { Link } from "./link.js";
import { ScriptedStore, type ScriptedStoreParts } from "./scripted-store.js";

const limits = { limit: 2, windowMs: 60_000, burst: 2, blockMs: 0 };
const take: LimitInput = { op: "take", amount: 1, at: -1 };

interface Call {
  readonly by: "evalsha" | "eval";
  readonly keys: readonly string[];
  readonly args: readonly string[];
}

/** A server that answers every limit with "allowed", and what it was asked. */
function setup(parts: Partial<ScriptedStoreParts> = {}, over: Partial<Link> = {}) {
  const calls: Call[] = [];
  const clock = new ManualClock();
  const asked = (by: Call["by"], keys: readonly string[], args: readonly string[]): Promise<unknown> => {
    calls.push({ by, keys: [...keys], args: [...args] });
    return Promise.resolve([1_000, ...keys.flatMap(() => [1, 1, 0, 5])]);
  };
  const link: Link = {
    kind: "fake",
    cluster: false,
    ready: () => true,
    evalsha: (_sha, keys, args) => asked("evalsha", keys, args),
    eval: (_text, keys, args) => asked("eval", keys, args),
    close: () => undefined,
    ...over,
  };
  const store = new ScriptedStore({ link, prefix: "p", deadlineMs: 250, clock, ...parts });
  return { calls, clock, store, cells: store.open(gcra, "limiter:a") };
}

describe("a store over scripts", () => {
  it("asks once for all that wait in the same tick, and tells what they have in common once", async () => {
    const { cells, calls } = setup();
    const decisions = await Promise.all(["a", "b", "a"].map((key) => cells.step(key, limits, take)));
    expect(decisions).toMatchObject([{ allowed: true, at: 1_000 }, { allowed: true }, { allowed: true }]);
    expect(calls.map(({ keys }) => keys)).toEqual([["p:limiter:a:a", "p:limiter:a:b", "p:limiter:a:a"]]);
    expect(calls[0]?.args).toEqual(["", "1", "3", "0", "1", "7", "2", "60000", "2", "0", "take", "1", "-1"]);
  });

  it("takes in what is asked while it waits for others of the same tick", async () => {
    const { cells, calls } = setup();
    const later = async (hops: number) => {
      for (let i = 0; i < hops; i++) await undefined;
      return cells.step(`${hops}`, limits, take);
    };
    await Promise.all([later(0), later(1), later(2)]);
    expect(calls).toHaveLength(1);
  });

  it("asks more often where many wait, so that no call holds the server up for long", async () => {
    const { cells, calls } = setup();
    await Promise.all(Array.from({ length: 150 }, (_, i) => cells.step(`${i}`, limits, take)));
    expect(calls.map(({ keys }) => keys.length)).toEqual([64, 64, 22]);
  });

  it("sends several kernels in one call, and steps of one all together", async () => {
    const { store, cells, calls } = setup();
    const other = store.open(fixedWindow, "limiter:b");
    const [one, both] = await Promise.all([
      cells.step("a", limits, take),
      store.stepAll([cells.with("b", limits, take), other.with("c", limits, take)]),
    ]);
    expect([one, both]).toMatchObject([{ allowed: true }, [{ allowed: true }, { allowed: true }]]);
    const runs = ["1", "0", "2", "7", "1", "1", "2", "7", "1", "0", "1", "7"];
    expect(calls).toHaveLength(1);
    expect([2, 13, 24].flatMap((at) => calls[0]?.args.slice(at, at + 4))).toEqual(runs);
  });

  it("sends the text where the server doesn't know the script, and its digest where it does", async () => {
    const loaded = new Set<string>();
    const by: string[] = [];
    const reply = [1, 1, 1, 0, 5];
    const { cells } = setup(
      {},
      {
        eval: async (text) => {
          by.push("eval");
          loaded.add(createHash("sha1").update(text).digest("hex"));
          return reply;
        },
        evalsha: async (sha) => {
          by.push("evalsha");
          if (!loaded.has(sha)) throw new Error("NOSCRIPT No matching script. Please use EVAL.");
          return reply;
        },
      },
    );
    const step = async () => expect(await cells.step("a", limits, take)).toMatchObject({ allowed: true });
    // The digest is computed in the background; until then the text goes.
    for (let n = 0; n < 1_000 && by.at(-1) !== "evalsha"; n++) {
      await step();
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    expect([by[0], by.at(-1)]).toEqual(["eval", "evalsha"]);
    loaded.clear();
    by.length = 0;
    await step();
    await step();
    expect(by).toEqual(["evalsha", "eval", "evalsha"]);
  });

  it("groups by slot in a cluster, and steps together what lies in one", async () => {
    const { store, cells, calls } = setup({ partition: (_, key) => key.slice(0, 1) }, { cluster: true });
    await Promise.all(["a1", "b1", "a2"].map((key) => cells.step(key, limits, take)));
    expect(calls.map(({ keys }) => keys)).toEqual([
      ["p:limiter:a:{a}:a1", "p:limiter:a:{a}:a2"],
      ["p:limiter:a:{b}:b1"],
    ]);
    const [a1, a2, b1] = ["a1", "a2", "b1"].map((key) => cells.with(key, limits, take)) as [never, never, never];
    expect([store.together([a1, a2]), store.together([a1, b1])]).toEqual([true, false]);
    expect(() => store.stepAll([a1, b1])).toThrow(/"b1" lies in another partition/);
  });

  it("answers at once, and sends nothing, where there is no connection", async () => {
    const { cells, calls } = setup({}, { ready: () => false });
    expect(await cells.step("a", limits, take)).toEqual(new StoreFailure("unavailable", "no"));
    expect(calls).toEqual([]);
  });

  it("waits for an answer until the deadline of each call, and leaves no timer", async () => {
    let answer: (reply: unknown) => void = () => undefined;
    const { cells, clock } = setup({}, { eval: () => new Promise((resolve) => (answer = resolve)) });
    const short = cells.step("a", limits, take, { deadlineMs: 100 });
    const long = cells.step("b", limits, take);
    await clock.advance(100);
    expect(await short).toEqual(new StoreFailure("timeout", "unknown"));
    answer([5, 1, 1, 0, 5, 1, 1, 0, 5]);
    expect(await long).toMatchObject({ allowed: true });
    expect(clock.pending("held")).toBe(0);
  });

  it("gives up for who aborts; before it was sent, nothing was done", async () => {
    const { cells, calls } = setup({}, { eval: () => new Promise(() => undefined) });
    const gone = AbortSignal.abort();
    expect(await cells.step("a", limits, take, { signal: gone })).toEqual(new StoreFailure("timeout", "no"));
    expect(calls).toEqual([]);
    const controller = new AbortController();
    const answer = cells.step("a", limits, take, { signal: controller.signal });
    await Promise.resolve();
    await new Promise((resolve) => setTimeout(resolve, 0));
    controller.abort();
    expect(await answer).toEqual(new StoreFailure("timeout", "unknown"));
  });

  it.each([
    ["OOM command not allowed when used memory > 'maxmemory'.", "capacity", "no"],
    ["LOADING Redis is loading the dataset in memory", "unavailable", "no"],
    ["READONLY You can't write against a read only replica.", "unavailable", "no"],
    ["CLUSTERDOWN The cluster is down", "unavailable", "no"],
    ["Connection is closed.", "unavailable", "unknown"],
    ["ERR something", "unavailable", "unknown"],
  ] as const)("takes %j for %s, applied: %s", async (message, reason, applied) => {
    const error = new Error(message);
    const { cells } = setup({}, { eval: () => Promise.reject(error) });
    expect(await cells.step("a", limits, take)).toEqual(new StoreFailure(reason, applied, error));
  });

  it("tells of states that it can't read, each for itself", async () => {
    const { cells } = setup({}, { eval: async () => [7, -1, 0, 0, 0, -2, 0, 0, 0, 0, 1, 3, 4] });
    const [newer, broken, fine] = await Promise.all(["a", "b", "c"].map((key) => cells.step(key, limits, take)));
    expect(newer).toEqual(new StoreFailure("version", "no"));
    expect(broken).toMatchObject({ reason: "unavailable", applied: "no" });
    expect(fine).toMatchObject({ allowed: false, remaining: 1, retryAfterMs: 3, resetMs: 4, at: 7 });
  });

  it("counts only what enough replicas have", async () => {
    const replicas = { count: 2, timeoutMs: 50 };
    const waited: unknown[] = [];
    let have = 1;
    const { cells } = setup(
      { replicas },
      {
        runAndWait: async (by, _script, keys, _args, asked) => {
          waited.push([by, keys, asked]);
          return [[1_000, 1, 1, 0, 5], have];
        },
      },
    );
    expect(await cells.step("a", limits, take)).toMatchObject({ reason: "unavailable", applied: "unknown" });
    have = 2;
    expect(await cells.step("a", limits, take)).toMatchObject({ allowed: true });
    expect(waited).toEqual([
      [expect.stringMatching(/^eval/), ["p:limiter:a:a"], replicas],
      [expect.stringMatching(/^eval/), ["p:limiter:a:a"], replicas],
    ]);
  });

  it("sends little to a server of which nothing is heard, and goes on when it is", async () => {
    const waiting: ((reply: unknown) => void)[] = [];
    const { cells, clock } = setup({}, { eval: () => new Promise((resolve) => waiting.push(resolve)) });
    const ask = async () => {
      const answer = cells.step("a", limits, take);
      await clock.advance(250);
      return answer;
    };
    const lost = new StoreFailure("timeout", "unknown");
    const refused = new StoreFailure("unavailable", "no");
    const outcomes: unknown[] = [];
    for (let n = 0; n < 12; n++) outcomes.push(await ask());
    // For a second it may only be slow; then one in a second tries whether it is there.
    const tried = [lost, refused, refused, refused];
    expect(outcomes).toEqual([lost, lost, lost, lost, ...tried, ...tried]);
    expect(waiting).toHaveLength(6);
    for (const answer of waiting) answer([1_000, 1, 1, 0, 5]);
    await clock.advance(0);
    const again = cells.step("a", limits, take);
    await clock.advance(0);
    waiting[6]?.([2_000, 1, 1, 0, 5]);
    expect(await again).toMatchObject({ allowed: true, at: 2_000 });
  });

  it("doesn't say that nothing was done of what will be sent", async () => {
    const { cells, store, calls } = setup();
    const controller = new AbortController();
    const answer = cells.step("a", limits, take, { signal: controller.signal });
    const job = { id: "1", tool: "a", payload: "", delayMs: 0, deadlineMs: 0, attempts: 1, maxQueued: 0, dedupe: "" };
    const enqueued = store.jobs("jobs").enqueue([job], { signal: controller.signal });
    controller.abort();
    const unknown = new StoreFailure("timeout", "unknown");
    expect([await answer, await enqueued]).toEqual([unknown, unknown]);
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(calls).toHaveLength(2);
  });

  it("throws what can't be encoded to who asked, and to nobody else", async () => {
    const { store, cells, calls } = setup();
    const once = store.open(idempotencyKernel<unknown>(), "once");
    const config = { leaseMs: 1, ttlMs: 1, onLeaseExpired: "rerun" } as const;
    const other = cells.step("a", limits, take);
    expect(() => once.step("b", config, { op: "complete", fence: 1, record: undefined })).toThrow(TypeError);
    expect(await other).toMatchObject({ allowed: true });
    expect(calls.map(({ keys }) => keys)).toEqual([["p:limiter:a:a"]]);
  });

  it("knows its kernels, and what a space is open for", () => {
    const { store } = setup();
    expect(() => store.open(fixedWindow, "limiter:a")).toThrow('"limiter:a" is open for limit/gcra');
    expect(() => store.open({ ...gcra, name: "mine" }, "limiter:b")).toThrow(/mine \(version 1\) has no twin/);
    expect(store.open(gcra, "limiter:a")).toBe(store.open(gcra, "limiter:a"));
  });

  it("refuses to step a cell twice, or another store's", () => {
    const { store, cells } = setup();
    const theirs = setup().cells.with("a", limits, take);
    expect(store.together([theirs])).toBe(false);
    expect(() => store.stepAll([theirs])).toThrow(/"a" is another store's/);
    expect(() => store.stepAll([cells.with("a", limits, take), cells.with("a", limits, take)])).toThrow(/named twice/);
  });

  it("answers nothing more once it is closed", async () => {
    const { store, cells, calls } = setup();
    store.close();
    store.close();
    expect(await cells.step("a", limits, take)).toEqual(new StoreFailure("unavailable", "no"));
    expect(await store.stepAll([cells.with("a", limits, take)])).toEqual(new StoreFailure("unavailable", "no"));
    expect(calls).toEqual([]);
  });
});
