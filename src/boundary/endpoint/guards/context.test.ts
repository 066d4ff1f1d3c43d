import { describe, expect, it } from "vitest";
import type { Context } from "../../../core/context.js";
import { OPEN, serving } from "../fixtures.js";

const session = () => ({ id: "ann", shop: "s1", paying: true });
const handler = (({ context, signal }: { context: Context; signal: AbortSignal }) => ({
  ...context,
  signal: context.signal === signal,
})) as (call: never) => object;
const ID = "4bf92f3577b34da6a3ce929d0e0e4736";

describe("the context", () => {
  it("carries the caller's trace, tenant, principal and priority, and the signal", async () => {
    const { ask } = serving({
      auth: session,
      tenant: (({ principal }: { principal: { shop: string } }) => principal.shop) as (call: never) => string,
      priority: (({ principal }: { principal: { paying: boolean } }) => (principal.paying ? "high" : "low")) as (
        call: never,
      ) => "high" | "low",
      handler,
    });
    const response = await ask({ headers: { traceparent: `00-${ID}-00f067aa0ba902b7-01` } });
    expect(await response.json()).toEqual({
      traceId: ID,
      spanId: expect.stringMatching(/^(?!00f067aa0ba902b7)[\da-f]{16}$/),
      tenant: "s1",
      principal: "ann",
      priority: "high",
      signal: true,
    });
  });

  it("has a trace of its own where the caller has none", async () => {
    const { ask } = serving({ handler });
    const context = await (await ask()).json();
    expect(context).toEqual({
      traceId: expect.stringMatching(/^[\da-f]{32}$/),
      spanId: context.traceId.slice(16),
      signal: true,
    });
  });

  it("is in the event and in the problem, under the same trace", async () => {
    const { ask, settled } = serving({
      ...OPEN,
      auth: session,
      priority: "low",
      handler: () => Promise.reject(new Error()),
    });
    const { traceId } = await (await ask()).json();
    expect(settled[0]?.context).toMatchObject({ traceId, principal: "ann", priority: "low" });
    expect([settled[0]?.traceId, settled[0]?.caller]).toEqual([traceId, undefined]);
  });

  it("is of the caller's trace, and the event names the span that it was asked from", async () => {
    const { ask, settled } = serving({ handler });
    await ask({ headers: { traceparent: `00-${ID}-00f067aa0ba902b7-01` } });
    expect(settled[0]?.caller).toEqual({ traceId: ID, spanId: "00f067aa0ba902b7" });
    expect(settled[0]?.traceId).toBe(ID);
  });

  it("whose tenant can't be told lets nobody through", async () => {
    const { ask, settled } = serving({
      auth: session,
      tenant: () => {
        throw new Error("no tenant");
      },
      handler,
    });
    expect([(await ask()).status, settled[0]?.guard]).toEqual([500, "context"]);
  });
});
