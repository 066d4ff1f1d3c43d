import { expect, it } from "vitest";
import { kit } from "../keel";

it("listens wherever the kit is, for each isolate loads but the modules of the function that it runs", () => {
  const heard = [
    "limiter.decision",
    "store.failure",
    "breaker.transition",
    "endpoint.settled",
    "lever.pulled",
    "lever.failed",
    "alert.firing",
    "alert.resolved",
  ] as const;
  expect(heard.filter((type) => kit.events.wants(type))).toEqual(heard);
});
