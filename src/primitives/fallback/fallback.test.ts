import { describe, expect, it } from "vitest";
import { ConfigError } from "../../core/config.js";
import { KeelsonError } from "../../core/errors.js";
import { runtime } from "../../core/runtime.js";
import { caught, hang, setup } from "../upstream/upstream.fixture.js";
import { Fallback } from "./fallback.js";
import type { FallbackCase } from "./plan.js";

const breaks = Object.assign(new Error("broken"), { status: 500 });
const fault = Object.assign(new Error("bad request"), { status: 400 });
const refusal = new KeelsonError("upstream_circuit_open");
const late = new KeelsonError("upstream_timeout");

describe("Fallback", () => {
  it.each<[FallbackCase, unknown[]]>([
    ["failure", [breaks, late]],
    ["timeout", [late]],
    ["rejected", [refusal]],
    ["ignored", [fault]],
  ])("for %s answers in its place, and in no other's", async (on, covered) => {
    const fallback = new Fallback("rates", { on: [on], use: () => "last known" });
    for (const error of [breaks, late, refusal, fault]) {
      const result = await caught(fallback.run(() => Promise.reject(error)));
      expect(result).toBe(covered.includes(error) ? "last known" : error);
    }
    expect(fallback.snapshot()).toEqual({ calls: 4, used: covered.length });
  });

  it("is given the error and the call", async () => {
    const seen: unknown[] = [];
    const rt = runtime();
    rt.events.on("fallback.used", (event) => seen.push(event));
    const use = (...args: unknown[]) => {
      seen.push(args);
    };
    const fallback = new Fallback("rates", { on: ["failure"], use }, rt);
    const context = { tenant: "acme" };
    await fallback.run(() => Promise.reject(breaks), { context });
    expect(seen).toEqual([
      { name: "rates", context, error: breaks },
      [breaks, { name: "rates", outcome: "failure", context, signal: undefined }],
    ]);
  });

  it("has nothing for a caller who has left", async () => {
    const fallback = new Fallback("rates", { on: ["failure", "rejected"], use: () => "last known" });
    const caller = new AbortController();
    const result = fallback.run(
      () => {
        caller.abort("left");
        throw breaks;
      },
      { signal: caller.signal },
    );
    expect(await caught(result)).toBe("left");
    expect(fallback.snapshot().used).toBe(0);
  });

  it("that fails itself carries what it stood in for", async () => {
    const own = new Error("nothing known");
    const failing = (error: unknown) => new Fallback("rates", { on: ["failure"], use: () => Promise.reject(error) });
    expect(await caught(failing(own).run(() => Promise.reject(breaks)))).toBe(own);
    expect(own.cause).toBe(breaks);
    const wrapped = await caught(failing("a string").run(() => Promise.reject(breaks)));
    expect(wrapped).toMatchObject({ code: "upstream_failed", cause: { errors: ["a string", breaks] } });
    expect(await caught(failing(breaks).run(() => Promise.reject(breaks)))).toBe(breaks);
    expect(breaks.cause).toBeUndefined();
  });

  it("refuses wrong options by name", () => {
    const use = () => 1;
    expect(() => new Fallback("x", { on: [], use })).toThrow(ConfigError);
    expect(() => new Fallback("x", { on: ["error" as never], use })).toThrow('fallback("x").on: got ["error"]');
    expect(() => new Fallback("x", { on: ["failure"], use: 1 as never })).toThrow('fallback("x").use');
  });
});

describe("an upstream's fallback", () => {
  it("lies outside of everything, and doesn't mend the breaker's or the indicator's figures", async () => {
    const bad: (boolean | undefined)[] = [];
    const sli = () => ({ record: (value: boolean | undefined) => void bad.push(value) });
    const { clock, upstream, told } = setup(
      {
        timeout: "1s",
        breaker: { minimumCalls: 1, jitter: 0 },
        fallback: { on: ["timeout", "rejected"], use: async () => "cached" },
      },
      { sli },
    );
    const first = upstream.run(hang);
    await clock.advance(1000);
    const second = upstream.run(() => 5);
    const answers: (string | number)[] = [await first, await second];
    expect(answers).toEqual(["cached", "cached"]);
    expect(told("upstream.settled").map(({ outcome }) => outcome)).toEqual(["failure", "rejected"]);
    expect(told("fallback.used")).toHaveLength(2);
    expect(bad).toEqual([true, true]);
    expect(upstream.snapshot()).toMatchObject({ fallbacks: 2, successes: 0, breaker: { state: "open", rejected: 1 } });
    expect(clock.pending("held")).toBe(0);
  });

  it("is not used for a caller who leaves", async () => {
    const { upstream } = setup({
      fallback: { on: ["failure", "timeout", "rejected", "ignored"], use: () => "cached" },
    });
    const caller = new AbortController();
    const result = caught(upstream.run(hang, { signal: caller.signal }));
    caller.abort("left");
    expect(await result).toBe("left");
    expect(upstream.snapshot()).toMatchObject({ fallbacks: 0, cancelled: 1 });
  });
});
