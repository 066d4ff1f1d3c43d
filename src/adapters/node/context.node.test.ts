import { describe, expect, it } from "vitest";
import { currentContext, withContext } from "./context.js";

describe("withContext", () => {
  it("is found by everything that is awaited or started inside, and by nothing outside", async () => {
    expect(currentContext()).toBeUndefined();
    const seen = await withContext({ tenant: "a" }, async () => {
      await Promise.resolve();
      return new Promise((resolve) => setImmediate(() => resolve(currentContext())));
    });
    expect(seen).toEqual({ tenant: "a" });
    expect(currentContext()).toBeUndefined();
  });

  it("keeps concurrent calls apart", async () => {
    const call = (tenant: string) =>
      withContext({ tenant }, async () => {
        await Promise.resolve();
        return currentContext()?.tenant;
      });
    expect(await Promise.all([call("a"), call("b")])).toEqual(["a", "b"]);
  });

  it("adds to the context around it", () => {
    withContext({ tenant: "a", principal: "p" }, () => {
      withContext({ principal: "q", priority: "high" }, () => {
        expect(currentContext()).toEqual({ tenant: "a", principal: "q", priority: "high" });
      });
      expect(currentContext()).toEqual({ tenant: "a", principal: "p" });
    });
  });

  it("leaves a span to its own trace", () => {
    withContext({ traceId: "a", spanId: "1" }, () => {
      expect(withContext({ traceId: "b" }, currentContext)).toEqual({ traceId: "b" });
      expect(withContext({ traceId: "a" }, currentContext)).toEqual({ traceId: "a", spanId: "1" });
      expect(withContext({ traceId: "b", spanId: "2" }, currentContext)).toEqual({ traceId: "b", spanId: "2" });
    });
  });

  it.each([
    [100, 50, 50],
    [50, 100, 50],
  ])("lets a deadline of %d inside one of %d be %d at the latest", (inner, outer, deadline) => {
    withContext({ deadline: outer }, () =>
      withContext({ deadline: inner }, () => {
        expect(currentContext()?.deadline).toBe(deadline);
      }),
    );
  });

  it("hands back what the function returns and lets its error through", () => {
    expect(withContext({}, () => 7)).toBe(7);
    expect(() =>
      withContext({}, () => {
        throw new RangeError("no");
      }),
    ).toThrow(RangeError);
  });
});
