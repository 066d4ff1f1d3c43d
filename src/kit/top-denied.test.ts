import { describe, expect, it } from "vitest";
import { perCall } from "../core/binding.js";
import { ConfigError } from "../core/config.js";
import { memoryStore } from "../stores/memory/memory-store.js";
import { ManualClock } from "../testing/manual-clock.js";
import { createKit } from "./kit.js";

const one = { algorithm: "gcra", limit: 1, per: "1h" } as const;

function shop() {
  const clock = new ManualClock();
  const kit = createKit({ service: "shop", env: {}, clock });
  return { clock, kit, chat: kit.limiter("chat", one), mail: kit.limiter("mail", one) };
}

describe("the keys that limiters deny most, in a kit's snapshot", () => {
  it("are told by hashes, which are the same in all of its limiters", async () => {
    const { kit, chat, mail } = shop();
    for (const key of ["ann@shop.example", "ann@shop.example", "ann@shop.example", "bob@shop.example"]) {
      await chat.check(key);
      await mail.check(key);
    }
    await mail.check("bob@shop.example");
    const [ann, bob] = [await kit.keyHash("ann@shop.example"), await kit.keyHash("bob@shop.example")];
    expect(ann).toMatch(/^[0-9a-f]{12}$/);
    const snapshot = await kit.snapshot();
    expect(snapshot.limiters.chat?.topDenied).toEqual([{ hash: ann, atLeast: 2, atMost: 2 }]);
    expect(snapshot.limiters.mail?.topDenied).toEqual([
      { hash: ann, atLeast: 2, atMost: 2 },
      { hash: bob, atLeast: 1, atMost: 1 },
    ]);
    expect(JSON.stringify(snapshot)).not.toContain("@shop.example");
  });

  it("are ten at most, within bounds that hold for more keys than are counted", async () => {
    const { kit, chat } = shop();
    await chat.check("often");
    for (let at = 0; at < 2_000; at++) {
      await chat.check(`once ${at}`);
      await chat.check(at % 10 === 0 ? "often" : `once ${at}`);
    }
    const { topDenied = [] } = (await kit.snapshot()).limiters.chat ?? {};
    expect(topDenied).toHaveLength(10);
    const [first] = topDenied;
    expect(first?.hash).toBe(await kit.keyHash("often"));
    expect(first?.atLeast).toBeLessThanOrEqual(200);
    expect(first?.atMost).toBeGreaterThanOrEqual(200);
    expect(first?.atLeast).toBeGreaterThan(170);
  });

  it("are forgotten when that is over", async () => {
    const { kit, chat, clock } = shop();
    await chat.check("ann");
    await chat.check("ann");
    await clock.advance(600_000);
    expect((await kit.snapshot()).limiters.chat).toMatchObject({ denied: 1, topDenied: [] });
  });

  it("are none where each call brings its own store", async () => {
    const kit = createKit({ service: "shop", env: {}, store: perCall() });
    const chat = kit.limiter("chat", one);
    const { use, snapshot } = kit.using(memoryStore());
    await use(chat).check("ann");
    await use(chat).check("ann");
    expect((await snapshot()).limiters.chat).toMatchObject({ denied: 1, topDenied: [] });
  });
});

describe("the hash of a key", () => {
  it("is another one in another kit, so that nobody can work it out", async () => {
    const [here, there] = [shop().kit, shop().kit];
    expect(await here.keyHash("ann")).toBe(await here.keyHash("ann"));
    expect(await here.keyHash("ann")).not.toBe(await there.keyHash("ann"));
    expect(await here.keyHash("ann")).not.toBe(await here.keyHash("bob"));
  });

  it("needs a key", async () => {
    const { kit } = shop();
    await expect(kit.keyHash("")).rejects.toThrow(ConfigError);
    await expect(kit.keyHash(7 as never)).rejects.toThrow("kit.keyHash: key: got 7; allowed: text that is not empty");
  });
});
