import { describe, expect, it } from "vitest";
import { seeded } from "../../core/seeded.js";
import { StoreFailure } from "../../core/store.js";
import { FleetStore } from "../../primitives/fleet-store.fixture.js";
import { memoryStore } from "../../stores/memory/memory-store.js";
import { ManualClock } from "../../testing/manual-clock.js";
import { FencedText } from "./fenced-text.js";

function processes(count: number) {
  const clock = new ManualClock();
  const shared = memoryStore({ clock });
  return {
    clock,
    all: Array.from({ length: count }, (_, i) => {
      const store = new FleetStore(shared, clock);
      return { store, texts: new FencedText(store, "levers", clock, seeded(i + 1)) };
    }),
  };
}

describe("a text that several change", () => {
  it.each([1, 2, 3, 4, 5])("loses nothing of what any of them wrote, however slow the store is (%i)", async (seed) => {
    const { clock, all } = processes(4);
    const random = seeded(seed);
    const done: Promise<unknown>[] = [];
    for (const [i, { store, texts }] of all.entries()) {
      store.tripMs = Math.floor(random() * 40);
      for (let n = 0; n < 3; n++)
        done.push(texts.change("list", (text) => JSON.stringify([...JSON.parse(text ?? "[]"), `${i}.${n}`])));
    }
    const settled = Promise.all(done);
    await clock.advance(30_000);
    expect((await settled).filter((one) => one !== undefined)).toEqual([]);
    for (const { store } of all) store.tripMs = 0;
    const found = (await all[0]?.texts.read("list")) as { readonly text: string };
    expect(JSON.parse(found.text).sort()).toEqual([0, 1, 2, 3].flatMap((i) => [0, 1, 2].map((n) => `${i}.${n}`)));
  });

  it("is changed by the next when one goes away in the middle", async () => {
    const { clock, all } = processes(2);
    const [one, two] = all as [(typeof all)[0], (typeof all)[0]];
    let go: (text: string) => void = () => undefined;
    const first = one.texts.change("x", () => new Promise((resolve) => (go = resolve)));
    await clock.advance(1);
    const second = two.texts.change("x", (text) => `${text}+two`);
    await clock.advance(11_000);
    expect(await second).toBeUndefined();
    // It comes back late: what it read is not what is there, and it is asked again.
    go("one");
    await clock.advance(1);
    go("one after all");
    await clock.advance(10);
    await first;
    expect(await two.texts.read("x")).toMatchObject({ text: "one after all" });
  });

  it("stays as it is when a change throws or says nothing, and can be changed at once", async () => {
    const { all } = processes(1);
    const { texts } = all[0] as (typeof all)[0];
    await texts.change("x", () => "a");
    const broken = texts.change("x", () => {
      throw new Error("no");
    });
    await expect(broken).rejects.toThrow("no");
    expect(await texts.change("x", () => undefined)).toBeUndefined();
    expect(await texts.change("x", (text) => `${text}b`)).toBeUndefined();
    expect(await texts.read("x")).toMatchObject({ text: "ab" });
  });

  it("answers that the store failed", async () => {
    const { clock, all } = processes(1);
    const { store, texts } = all[0] as (typeof all)[0];
    for (const line of ["refused", "throws", "rejects", "mute"] as const) {
      store.line = line;
      const changed = texts.change("x", () => "a");
      await clock.advance(30_000);
      expect(await changed).toBeInstanceOf(StoreFailure);
    }
  });
});
