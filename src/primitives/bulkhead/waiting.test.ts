import { describe, expect, it } from "vitest";
import { ConfigError } from "../../core/config.js";
import { settled } from "../../testing/manual-clock.js";
import { setup } from "./bulkhead.fixture.js";

describe("waiting for a slot", () => {
  it("ends after queueTimeout, and holds no alarm after that", async () => {
    const { clock, call, order, bulkhead } = setup({ maxConcurrent: 1, queueTimeout: "1s" });
    const a = call("a");
    const b = call("b");
    await clock.advance(999);
    expect(bulkhead.snapshot().queued).toBe(1);
    await clock.advance(1);
    await expect(b.promise).rejects.toMatchObject({ code: "upstream_bulkhead_full" });
    a.end();
    await a.promise;
    expect(order).toEqual(["a"]);
    expect(clock.pending("held")).toBe(0);
  });

  it("ends at its own deadline where that comes first", async () => {
    const { clock, call } = setup({ maxConcurrent: 1, queueTimeout: "10s" });
    call("a");
    const b = call("b", { deadline: 200 });
    await clock.advance(200);
    await expect(b.promise).rejects.toMatchObject({ message: 'bulkhead "pdf" had no slot in time' });
    const late = call("c", { deadline: 200 });
    await expect(late.promise).rejects.toMatchObject({ code: "upstream_bulkhead_full" });
  });

  it("ends with the caller's reason when the signal aborts, and leaves no listener behind", async () => {
    const { call, bulkhead, order, heard } = setup({ maxConcurrent: 1 });
    const a = call("a");
    const controller = new AbortController();
    const { signal } = controller;
    let listening = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listening++;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listening--;
      remove(...args);
    };
    const b = call("b", { signal });
    const c = call("c", { signal });
    expect(listening).toBe(2);
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(b.promise).rejects.toBe(reason);
    await expect(c.promise).rejects.toBe(reason);
    expect(listening).toBe(0);
    expect(bulkhead.snapshot()).toMatchObject({ queued: 0, running: 1 });
    await expect(call("d", { signal }).promise).rejects.toBe(reason);
    a.end();
    await a.promise;
    expect(order).toEqual(["a"]);
    expect(heard.filter((reason) => reason === "aborted")).toHaveLength(3);
  });

  it("gives the slot back when the caller aborts between the grant and the call", async () => {
    const { bulkhead } = setup({ maxConcurrent: 1 });
    bulkhead.tryEnter();
    const controller = new AbortController();
    let called = false;
    const promise = bulkhead.run(
      () => {
        called = true;
      },
      { signal: controller.signal },
    );
    bulkhead.leave();
    controller.abort(new Error("enough"));
    await expect(promise).rejects.toThrow("enough");
    expect([called, bulkhead.snapshot().running]).toEqual([false, 0]);
  });

  it("goes by priority, and within one by the time of coming", async () => {
    const { bulkhead } = setup({ maxConcurrent: 1 });
    bulkhead.tryEnter();
    const order: string[] = [];
    const coming = [
      ["low", "low"],
      ["normal 1", "normal"],
      ["critical", "critical"],
      ["normal 2", undefined],
      ["high", "high"],
    ] as const;
    const all = coming.map(([name, priority]) =>
      bulkhead.wait(priority === undefined ? {} : { priority }).then(() => {
        order.push(name);
        bulkhead.leave();
      }),
    );
    bulkhead.leave();
    await Promise.all(all);
    expect(order).toEqual(["critical", "high", "normal 1", "normal 2", "low"]);
  });

  it("raises who has been passed by: the low ones don't starve", async () => {
    const { bulkhead } = setup({ maxConcurrent: 1, maxQueue: 1000 });
    bulkhead.tryEnter();
    let grants = 0;
    let lowAt = 0;
    const low = bulkhead.wait({ priority: "low" }).then(() => {
      lowAt = grants;
    });
    // There is always a critical one in line.
    const flood = (): void => {
      void bulkhead.wait({ priority: "critical" }).then(() => {
        if (++grants < 200) flood();
        bulkhead.leave();
      });
    };
    flood();
    bulkhead.leave();
    await low;
    expect(lowAt).toBe(96);
  });

  it("lets the newest in first under load, if it is told so", async () => {
    const { bulkhead } = setup({ maxConcurrent: 1, maxQueue: 4, order: "lifo-under-load" });
    bulkhead.tryEnter();
    const order: number[] = [];
    const all = [1, 2, 3, 4].map((n) =>
      bulkhead.wait().then(() => {
        order.push(n);
        bulkhead.leave();
      }),
    );
    bulkhead.leave();
    await Promise.all(all);
    expect(order).toEqual([4, 3, 1, 2]);
  });

  it("refuses a priority that it doesn't know", async () => {
    const { bulkhead } = setup({ maxConcurrent: 1 });
    bulkhead.tryEnter();
    for (const priority of ["urgent", "constructor", ""])
      await expect(bulkhead.wait({ priority: priority as "high" })).rejects.toThrow(ConfigError);
    expect(bulkhead.snapshot().queued).toBe(0);
  });
});

describe("weights", () => {
  it("count against the limit together, and come back together", async () => {
    const { bulkhead } = setup({ maxConcurrent: 5 });
    expect(bulkhead.tryEnter(3)).toBe(true);
    expect(bulkhead.tryEnter(3)).toBe(false);
    expect(bulkhead.tryEnter(2)).toBe(true);
    bulkhead.leave(3);
    expect(bulkhead.snapshot().running).toBe(2);
  });

  it("that don't fit hold up those behind them, so that they come to their turn", async () => {
    const { bulkhead } = setup({ maxConcurrent: 3 });
    bulkhead.tryEnter(2);
    const order: string[] = [];
    void bulkhead.wait({ weight: 3 }).then(() => order.push("heavy"));
    void bulkhead.wait().then(() => order.push("light"));
    await settled();
    expect(order).toEqual([]);
    bulkhead.leave(2);
    await settled();
    expect(order).toEqual(["heavy"]);
    bulkhead.leave(3);
    await settled();
    expect(order).toEqual(["heavy", "light"]);
  });

  it("let those behind in when the heavy one gives up", async () => {
    const { bulkhead } = setup({ maxConcurrent: 3 });
    bulkhead.tryEnter(2);
    const controller = new AbortController();
    const heavy = bulkhead.wait({ weight: 3, signal: controller.signal });
    let light = false;
    void bulkhead.wait().then(() => {
      light = true;
    });
    controller.abort();
    await expect(heavy).rejects.toThrow();
    await settled();
    expect(light).toBe(true);
  });

  it("above what the limit can ever be are refused at once", async () => {
    const { bulkhead, heard } = setup({ maxConcurrent: 2 });
    await expect(bulkhead.wait({ weight: 3 })).rejects.toMatchObject({
      message: 'bulkhead "pdf" has fewer slots than the call takes',
    });
    expect(heard).toEqual(["too_heavy"]);
    for (const weight of [0, -1, 0.5, Number.NaN]) await expect(bulkhead.wait({ weight })).rejects.toThrow(ConfigError);
    expect(() => bulkhead.tryEnter(0)).toThrow(ConfigError);
  });
});
