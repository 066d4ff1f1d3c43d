import { describe, expect, it } from "vitest";
import { ConfigError } from "../../core/config.js";
import { settled } from "../../testing/manual-clock.js";
import { setup } from "./bulkhead.fixture.js";
import { Bulkhead } from "./bulkhead.js";
import type { BulkheadOptions } from "./options.js";

describe("a bulkhead", () => {
  it("lets so many run, lets so many wait, and refuses the rest at once", async () => {
    const { bulkhead, call, order, heard } = setup({ maxQueue: 1 });
    const [a, , c, d] = ["a", "b", "c", "d"].map((name) => call(name));
    expect(order).toEqual(["a", "b"]);
    await expect(d?.promise).rejects.toMatchObject({
      code: "upstream_bulkhead_full",
      status: 503,
      source: "bulkhead:pdf",
      message: 'bulkhead "pdf" is full',
    });
    a?.end();
    expect(await a?.promise).toBe("a");
    await settled();
    expect(order).toEqual(["a", "b", "c"]);
    c?.end();
    expect(await c?.promise).toBe("c");
    expect(bulkhead.snapshot()).toEqual({ limit: 2, running: 1, queued: 0, maxQueue: 1, rejected: 1, closed: false });
    expect(heard).toEqual(["queued 1", "full"]);
  });

  it("hands a slot on in the same instant, so that nobody gets ahead of those who wait", async () => {
    const { bulkhead } = setup({ maxConcurrent: 1 });
    expect(bulkhead.tryEnter()).toBe(true);
    let granted = false;
    const waiting = bulkhead.wait().then(() => {
      granted = true;
    });
    bulkhead.leave();
    expect(bulkhead.tryEnter()).toBe(false);
    await waiting;
    expect(granted).toBe(true);
    expect(bulkhead.snapshot()).toMatchObject({ running: 1, queued: 0 });
  });

  it("gives the slot back however a call ends", async () => {
    const { bulkhead } = setup({ maxConcurrent: 1, maxQueue: 0 });
    const error = new Error("broken");
    const failing = [
      () => {
        throw error;
      },
      () => Promise.reject(error),
      // biome-ignore lint/suspicious/noThenProperty: what is not a Promise but can be awaited
      () => ({ then: (_: unknown, reject: (reason: unknown) => void) => reject(error) }) as PromiseLike<never>,
    ];
    for (const fn of failing) await expect(bulkhead.run(fn)).rejects.toBe(error);
    await expect(bulkhead.run(() => 5)).resolves.toBe(5);
    expect(bulkhead.snapshot().running).toBe(0);
  });

  it("gives the function its caller's signal", async () => {
    const { bulkhead } = setup();
    const { signal } = new AbortController();
    expect(await bulkhead.run((given) => given === signal, { signal })).toBe(true);
    expect(await bulkhead.run((given) => given === undefined)).toBe(true);
  });

  it("refuses to take back slots that weren't taken", () => {
    const { bulkhead } = setup();
    expect(() => bulkhead.leave()).toThrow(TypeError);
    bulkhead.tryEnter();
    expect(() => bulkhead.leave(2)).toThrow('bulkhead("pdf"): leave() without a slot');
    for (const weight of [0, -1, 0.5, Number.NaN]) expect(() => bulkhead.leave(weight)).toThrow(ConfigError);
    expect(bulkhead.snapshot().running).toBe(1);
  });

  it("gives the slot back of a call whose error throws when it is looked at", async () => {
    const { bulkhead } = setup({ adaptive: {} });
    const error = Object.defineProperty(new Error("odd"), "status", {
      get: () => {
        throw new Error("not yet");
      },
    });
    const thrown = await bulkhead
      .run(() => Promise.reject(error))
      .then(
        () => false,
        (reason: unknown) => reason === error,
      );
    expect([thrown, bulkhead.snapshot().running]).toEqual([true, 0]);
  });

  it.each<[object, string]>([
    [{ maxConcurrent: 0 }, 'bulkhead("pdf").maxConcurrent'],
    [{ maxConcurrent: 1.5 }, 'bulkhead("pdf").maxConcurrent'],
    [{ maxConcurrent: 1, maxQueue: -1 }, 'bulkhead("pdf").maxQueue'],
    [{ maxConcurrent: 1, queueTimeout: 0 }, 'bulkhead("pdf").queueTimeout'],
    [{ maxConcurrent: 1, order: "lifo" }, 'bulkhead("pdf").order'],
    [{ maxConcurrent: 1, maxQueued: 1 }, "maxQueued"],
    [{ maxConcurrent: 4, adaptive: { min: 5 } }, 'bulkhead("pdf").adaptive'],
    [{ maxConcurrent: 4, adaptive: { decrease: 1 } }, 'bulkhead("pdf").adaptive.decrease'],
  ])("refuses the options %j", (options, names) => {
    const make = () => new Bulkhead("pdf", options as BulkheadOptions);
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(names);
  });
});
