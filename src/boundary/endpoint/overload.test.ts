import { describe, expect, it } from "vitest";
import { OverloadGuard } from "../../primitives/overload/overload-guard.js";
import type { AnyEndpointOptions } from "./any-options.js";
import { jsonInit, serving, testRuntime } from "./fixtures.js";

/** An endpoint whose kit sheds by hand, which is as much of a refusal as any. */
function shedding(options: Partial<AnyEndpointOptions>, below: "critical" | "high" | "normal" | "low" = "critical") {
  const made = testRuntime();
  const overload = new OverloadGuard("shop", {}, made.rt);
  const asked: string[] = [];
  const auth = (({ path }: { path: string }) => {
    asked.push(path);
    return { id: "ann" };
  }) as (entry: never) => unknown;
  const service = serving({ auth, ...options }, { ...made, rt: { ...made.rt, overload } });
  overload.shedBelow(below);
  return { ...service, overload, asked };
}

describe("an endpoint that is shed", () => {
  it("answers the problem `unavailable` with Retry-After, before anything else is looked at", async () => {
    const { ask, asked, settled } = shedding({ origins: ["https://shop.example"], maxQueryBytes: 5 });
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const answer = await ask({
      ...jsonInit({}, { traceparent, origin: "https://shop.example" }),
      path: "/test?much-too-long",
    });
    expect([answer.status, answer.headers.get("content-type")]).toEqual([503, "application/problem+json"]);
    const retryAfter = Number(answer.headers.get("retry-after"));
    expect(retryAfter).toBeGreaterThanOrEqual(1);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.headers.get("access-control-allow-origin")).toBe("https://shop.example");
    expect(await answer.json()).toEqual({
      type: "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity",
      title: "Not available right now",
      status: 503,
      detail: "There is too much to do right now",
      code: "unavailable",
      retryAfter,
      traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
    });
    expect(asked).toEqual([]);
    expect(settled).toMatchObject([{ name: "test", status: 503, code: "unavailable", guard: "overload" }]);
  });

  it("goes by the priority of the endpoint; one that only a function knows is normal", async () => {
    const status = async (options: Partial<AnyEndpointOptions>, below: "critical" | "high" | "normal" | "low") =>
      (await shedding(options, below).ask()).status;
    expect(await status({ priority: "high" }, "high")).toBe(200);
    expect(await status({ priority: "normal" }, "high")).toBe(503);
    expect(await status({ priority: () => "critical" }, "high")).toBe(503);
    expect(await status({ priority: () => "low" }, "normal")).toBe(200);
    expect(await status({}, "normal")).toBe(200);
  });

  it("is never one that is not sheddable", async () => {
    expect((await shedding({ sheddable: false, priority: "low" }).ask()).status).toBe(200);
  });

  it("refuses a priority that is none", () => {
    expect(() => shedding({ priority: "urgent" as never })).toThrow('endpoint("test").priority');
  });
});

describe("an endpoint that is let in", () => {
  it("leaves in the end, however that is", async () => {
    const failing = (() => Promise.reject(new Error("no"))) as (call: never) => unknown;
    for (const options of [{}, { handler: failing }, { auth: () => null }] as Partial<AnyEndpointOptions>[]) {
      const { ask, overload } = shedding(options, "low");
      await (await ask()).text();
      expect(overload.snapshot()).toMatchObject({ admitted: 1, inFlight: 0 });
    }
  });

  it("takes over the pass of a request that was let in before it was routed", async () => {
    const { endpoint, overload } = shedding({}, "low");
    const pass = endpoint.atDoor(() => null, 0);
    expect(pass).toMatchObject({ taken: false });
    expect(overload.snapshot()).toMatchObject({ admitted: 1, inFlight: 1 });
  });
});
