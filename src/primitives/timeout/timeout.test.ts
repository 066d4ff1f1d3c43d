import { describe, expect, it } from "vitest";
import { ConfigError } from "../../core/config.js";
import { KeelsonError } from "../../core/errors.js";
import { runtime } from "../../core/runtime.js";
import { ManualClock } from "../../testing/manual-clock.js";
import { CountedSignal } from "./counted-signal.fixture.js";
import { Timeout } from "./timeout.js";

function setup(after: number | "1s" = 100) {
  const clock = new ManualClock();
  const rt = runtime({ clock });
  const told: unknown[] = [];
  rt.events.on("timeout", (event) => told.push(event));
  return { clock, told, rt, timeout: new Timeout("search", { after }, rt) };
}

const never = (): Promise<string> => new Promise(() => undefined);
const caught = (promise: Promise<unknown>): Promise<unknown> => promise.then(String, (error: unknown) => error);

describe("Timeout", () => {
  it("hands on values and errors, and leaves no timer that holds the process", async () => {
    const { clock, timeout } = setup();
    expect(await timeout.run(async () => 1)).toBe(1);
    expect(await timeout.run(() => 2)).toBe(2);
    expect(await caught(timeout.run(() => Promise.reject("no")))).toBe("no");
    const thrown = new Error("at once");
    expect(
      await caught(
        timeout.run(() => {
          throw thrown;
        }),
      ),
    ).toBe(thrown);
    expect(clock.pending("held")).toBe(0);
    expect(timeout.snapshot()).toEqual({ afterMs: 100, calls: 4, timeouts: 0 });
  });

  it("rejects exactly when time is up, and aborts the callee with the same error", async () => {
    const { clock, timeout, told } = setup();
    let signal: AbortSignal | undefined;
    let ended: unknown;
    const result = caught(
      timeout.run((attempt) => {
        signal = attempt.signal;
        expect(attempt.deadline).toBe(100);
        return never();
      }),
    ).then((error) => {
      ended = error;
    });
    await clock.advance(99);
    expect(ended).toBeUndefined();
    expect(signal?.aborted).toBe(false);
    await clock.advance(1);
    await result;
    expect(ended).toBeInstanceOf(KeelsonError);
    expect(ended).toMatchObject({
      code: "upstream_timeout",
      source: "timeout:search",
      message: "timeout:search: total time-out after 100 ms",
    });
    expect(signal?.reason).toBe(ended);
    expect(told).toEqual([{ name: "search", context: undefined, scope: "total", ms: 100 }]);
    expect(clock.pending("held")).toBe(0);
  });

  it("gives an aborted signal to a callee that first reads it after the time-out", async () => {
    const { clock, timeout } = setup();
    let late: AbortSignal | undefined;
    const result = caught(
      timeout.run(async (attempt) => {
        await new Promise<void>((resolve) => clock.alarm(150, resolve, "held"));
        late = attempt.signal;
      }),
    );
    await clock.advance(200);
    expect(late?.aborted).toBe(true);
    expect(late?.reason).toBe(await result);
  });

  it("leaves what comes after the time-out alone", async () => {
    const { clock, timeout } = setup();
    const result = caught(
      timeout.run(async () => {
        await new Promise<void>((resolve) => clock.alarm(150, resolve, "held"));
        throw new Error("too late to matter");
      }),
    );
    await clock.advance(200);
    expect(await result).toMatchObject({ code: "upstream_timeout" });
  });

  it("disposes of a result that comes after the time-out", async () => {
    const { clock, timeout } = setup();
    let cancelled = false;
    const body = new ReadableStream({
      cancel: () => {
        cancelled = true;
      },
    });
    const result = caught(
      timeout.run(async () => {
        await new Promise<void>((resolve) => clock.alarm(150, resolve, "held"));
        return new Response(body);
      }),
    );
    await clock.advance(200);
    expect(await result).toMatchObject({ code: "upstream_timeout" });
    expect(cancelled).toBe(true);
  });

  it("ends at the context's deadline where that comes first, and calls nothing when it has passed", async () => {
    const { clock, timeout, told } = setup();
    let seen = 0;
    const result = caught(
      timeout.run(
        ({ deadline }) => {
          seen = deadline;
          return never();
        },
        { context: { deadline: 40 } },
      ),
    );
    await clock.advance(40);
    expect(await result).toMatchObject({ code: "upstream_timeout" });
    expect(seen).toBe(40);
    expect(told).toMatchObject([{ scope: "total", ms: 40 }]);
    let called = false;
    const late = timeout.run(
      () => {
        called = true;
      },
      { context: { deadline: 40 } },
    );
    expect(await caught(late)).toMatchObject({ code: "upstream_timeout" });
    expect(called).toBe(false);
    expect(await timeout.run(async () => "in time", { context: { deadline: 60 } })).toBe("in time");
    expect(clock.pending("held")).toBe(0);
  });

  it("goes by the carried context where it is passed none", async () => {
    const clock = new ManualClock();
    const caller = new AbortController();
    const timeout = new Timeout(
      "x",
      { after: 100 },
      runtime({ clock, currentContext: () => ({ signal: caller.signal }) }),
    );
    const result = caught(timeout.run(never));
    caller.abort("left");
    expect(await result).toBe("left");
  });

  it("does not take a caller's abort for a time-out", async () => {
    const { clock, timeout, told } = setup();
    const caller = new AbortController();
    let signal: AbortSignal | undefined;
    const result = caught(
      timeout.run(
        (attempt) => {
          signal = attempt.signal;
          return never();
        },
        { signal: caller.signal },
      ),
    );
    caller.abort("left");
    expect(await result).toBe("left");
    expect(signal?.reason).toBe("left");
    await clock.advance(1000);
    expect(told).toEqual([]);
    expect(clock.pending("held")).toBe(0);
  });

  it("does not call anything for a caller who has left already", async () => {
    const { timeout } = setup();
    let called = false;
    const result = timeout.run(
      () => {
        called = true;
      },
      { context: { signal: AbortSignal.abort("gone") } },
    );
    expect(await caught(result)).toBe("gone");
    expect(called).toBe(false);
  });

  it("aborts nothing when the callee returns", async () => {
    const { clock, timeout } = setup();
    let signal: AbortSignal | undefined;
    await timeout.run(async (attempt) => {
      signal = attempt.signal;
    });
    await clock.advance(1000);
    expect(signal?.aborted).toBe(false);
  });

  it("says which one fired when time-outs are nested", async () => {
    const { clock, rt } = setup();
    const outer = new Timeout("outer", { after: 200 }, rt);
    const inner = new Timeout("inner", { after: 100 }, rt);
    const result = caught(outer.run(() => inner.run(never)));
    const other = caught(inner.run(() => outer.run(never)));
    await clock.advance(200);
    expect(await result).toMatchObject({ source: "timeout:inner" });
    expect(await other).toMatchObject({ source: "timeout:inner" });
  });

  it("removes its listener from the caller's signal on every way out", async () => {
    const { clock, timeout } = setup();
    const caller = new CountedSignal();
    await timeout.run(async () => 1, { signal: caller });
    await caught(timeout.run(() => Promise.reject("no"), { signal: caller }));
    const timedOut = caught(timeout.run(never, { signal: caller }));
    expect(caller.listeners).toBe(1);
    await clock.advance(100);
    await timedOut;
    expect(caller.listeners).toBe(0);
  });

  it("follows a knob", async () => {
    const clock = new ManualClock();
    const knobs = { values: { WAIT: 100 }, revision: 0 };
    const timeout = new Timeout("x", { after: (k: { WAIT: number }) => k.WAIT }, runtime({ clock, knobs }));
    expect(timeout.snapshot().afterMs).toBe(100);
    knobs.values.WAIT = 50;
    knobs.revision++;
    const result = caught(timeout.run(never));
    await clock.advance(50);
    expect(await result).toMatchObject({ code: "upstream_timeout" });
  });

  it("refuses a wrong option by name", () => {
    expect(() => new Timeout("x", { after: 0 })).toThrow(ConfigError);
    expect(() => new Timeout("x", { after: "soon" as never })).toThrow('timeout("x").after: got "soon"');
    expect(() => new Timeout("x", { after: 1, abort: true } as never)).toThrow('timeout("x").abort');
  });
});
