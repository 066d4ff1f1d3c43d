import { describe, expect, it } from "vitest";
import { memoryStore } from "../stores/memory/memory-store.js";
import { ManualClock } from "../testing/manual-clock.js";
import { createKit } from "./kit.js";

const options = { algorithm: "gcra", limit: 1, per: "1m" } as const;

describe("a store that two services share", () => {
  it("keeps what they call the same apart, and what copies of one call the same together", async () => {
    const clock = new ManualClock();
    const store = memoryStore({ clock });
    const limiterOf = (service: string) => createKit({ service, store, clock }).limiter("chat", options);
    const [shop, copy, blog] = [limiterOf("shop"), limiterOf("shop"), limiterOf("blog")];
    expect((await shop.check("ada")).allowed).toBe(true);
    expect((await copy.check("ada")).allowed).toBe(false);
    expect((await blog.check("ada")).allowed).toBe(true);
  });

  it("is the same place for a kit's definitions, whether it is the kit's or named by each", async () => {
    const clock = new ManualClock();
    const store = memoryStore({ clock });
    const kit = createKit({ service: "shop", store, clock });
    const near = kit.limiter("near", options);
    const placed = kit.limiter("placed", { ...options, store });
    const other = createKit({ service: "shop", clock });
    const there = other.limiter("placed", { ...options, store });
    expect((await near.check("ada")).allowed).toBe(true);
    expect((await placed.check("ada")).allowed).toBe(true);
    expect((await there.check("ada")).allowed).toBe(false);
  });
});
