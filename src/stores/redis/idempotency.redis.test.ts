import { expect, it, onTestFinished } from "vitest";
import { uniquePrefix } from "../../../test/redis/inject.js";
import { createKit } from "../../kit/kit.js";
import { ioRedis } from "./clients.fixture.js";
import { redisStore } from "./redis-store.js";

it("carries an operation out once, in whichever of the processes it is asked for", async () => {
  const prefix = uniquePrefix("once");
  const fleet = Array.from({ length: 3 }, () => {
    const { client, close } = ioRedis();
    const kit = createKit({ service: "shop", store: redisStore(client, { prefix, deadline: "5s" }) });
    onTestFinished(async () => {
      await kit.close();
      close();
    });
    return kit.idempotency("orders", { lease: "150ms", ttl: "1h", onLeaseExpired: "resume" });
  });
  const begun = await Promise.all(
    Array.from({ length: 30 }, async (_, n) => {
      const guard = fleet[n % 3] as (typeof fleet)[0];
      return { guard, begun: await guard.begin("order-1", "f") };
    }),
  );
  const outcomes = begun.map((one) => one.begun.outcome).sort();
  expect(outcomes).toEqual(["first", ...Array(29).fill("in_flight")].sort());
  // Whoever carries it out is never heard of again: another process takes over, and the first comes too late.
  const first = begun.find((one) => one.begun.outcome === "first");
  const other = fleet.find((guard) => guard !== first?.guard);
  if (first === undefined || first.begun.outcome !== "first" || other === undefined)
    throw new Error("one was the first");
  let second = await other.begin("order-1", "f");
  while (second.outcome === "in_flight") second = await other.begin("order-1", "f");
  if (second.outcome !== "first") throw new Error(`it was ${second.outcome}`);
  expect(second.resumed).toBe(true);
  const answer = (body: string) => ({ status: 201, headers: [], body, bodyEncoding: "utf8" }) as const;
  expect(await first.guard.complete(first.begun.permit, answer("late"))).toBe("lost");
  expect(await other.complete(second.permit, answer("done"))).toBe("stored");
  for (const guard of fleet)
    expect(await guard.begin("order-1", "f")).toMatchObject({
      outcome: "replay",
      record: { status: 201, body: "done" },
    });
});
