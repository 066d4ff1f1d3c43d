import { describe, expect, it } from "vitest";
import { z } from "zod";
import { anonymous, unlimited } from "../boundary/declare.js";
import { knob } from "../boundary/knobs/knob.js";
import { perCall } from "../core/binding.js";
import { snapshotSchema } from "../schema.js";
import { memoryStore } from "../stores/memory/memory-store.js";
import { ManualClock } from "../testing/manual-clock.js";
import { createKit } from "./kit.js";

const Query = z.object({ q: z.string() });

describe("kit.queue", () => {
  it("works in memory where the kit was given no store, and shows in the snapshot", async () => {
    const clock = new ManualClock();
    const kit = createKit({ service: "shop", clock, knobs: { MAX: knob.int({ default: 2 }) }, env: {} });
    const tools = kit.queue("tools", {
      jobs: {
        search: kit.job({ input: Query, maxQueued: (k) => k.MAX, run: ({ q }) => [q, q] }),
        mail: kit.job({ input: Query, output: z.object({ sent: z.boolean() }) }),
      },
    });
    tools.handle({ mail: () => ({ sent: true }) });
    await tools.enqueue("search", { q: "a" });
    const snapshot = await kit.snapshot();
    expect(snapshotSchema.parse(snapshot)).toEqual(snapshot);
    expect(snapshot.queues.tools).toMatchObject({
      workers: 0,
      statsAgeMs: 0,
      statsFailure: null,
      pressureByTool: { search: 0.5 },
      byTool: {
        search: { stats: { queued: 1, running: 0 }, here: { enqueued: 1, config: { maxQueued: 2 } } },
        mail: { stats: { queued: 0 }, here: { enqueued: 0 } },
      },
    });
    tools.process();
    const waited = tools.enqueueAndWait("mail", { q: "b" }, { wait: "5s" });
    await clock.advance(100);
    expect(await waited).toEqual({ sent: true });
    const after = (await kit.snapshot()).queues.tools;
    expect(after).toMatchObject({ workers: 1, byTool: { search: { here: { succeeded: 1, wait: { count: 1 } } } } });
    expect(await kit.close()).toBe(true);
    expect((await kit.snapshot()).queues.tools?.workers).toBe(0);
  });

  it("keeps services apart that share a store, and says in time that a store doesn't answer", async () => {
    const clock = new ManualClock();
    const store = memoryStore({ clock });
    const define = (service: string) => {
      const kit = createKit({ service, clock, store });
      return { kit, tools: kit.queue("tools", { jobs: { work: kit.job({ input: Query, run: ({ q }) => q }) } }) };
    };
    const [shop, bank] = [define("shop"), define("bank")];
    const { id } = await shop.tools.enqueue("work", { q: "a" });
    expect(await bank.tools.get(id)).toBeUndefined();
    const silent = Object.assign(memoryStore({ clock }), {
      jobs: () => ({ stats: () => new Promise(() => undefined) }),
    });
    const kit = createKit({ service: "shop", clock, store: silent as never });
    kit.queue("tools", { jobs: { work: kit.job({ input: Query, run: ({ q }) => q }) } });
    const asked = kit.snapshot();
    await clock.advance(1_000);
    expect((await asked).queues.tools).toMatchObject({ statsAgeMs: null, byTool: { work: { stats: null } } });
  });

  it("answers a client whose job finds no room with problem+json and when to come back", async () => {
    const kit = createKit({ service: "shop" });
    const tools = kit.queue("tools", {
      jobs: { search: kit.job({ input: Query, maxQueued: 1, saturated: "rate_limit", run: ({ q }) => q }) },
    });
    const declared = { auth: anonymous("a test"), limits: unlimited("a test") };
    kit.endpoint({
      ...declared,
      name: "search",
      method: "POST",
      path: "/search",
      body: Query,
      handler: async ({ body }) => Response.json(await tools.enqueue("search", body), { status: 202 }),
    });
    const ask = () =>
      kit.fetch(
        new Request("http://shop.test/search", {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: '{"q":"a"}',
        }),
      );
    expect((await ask()).status).toBe(202);
    const refused = await ask();
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
    expect(await refused.json()).toMatchObject({ code: "queue_saturated", status: 429 });
  });

  it("drains what runs when the kit is closed", async () => {
    const clock = new ManualClock();
    const kit = createKit({ service: "shop", clock });
    const ended: string[] = [];
    const tools = kit.queue("tools", {
      jobs: {
        work: kit.job({
          input: Query,
          run: ({ q }) =>
            new Promise<void>((resolve) => {
              clock.alarm(2_000, () => resolve(void ended.push(q)), "held");
            }),
        }),
      },
    });
    await tools.enqueue("work", { q: "a" });
    tools.process();
    await clock.advance(0);
    const closed = kit.close({ drain: "5s" });
    await clock.advance(2_000);
    expect([await closed, ended]).toEqual([true, ["a"]]);
  });

  it("is a definition alone where the kit has no store yet; handlers that it was given there are there in each place", async () => {
    const kit = createKit({ service: "shop", store: perCall<undefined>() });
    const tools = kit.queue("tools", { jobs: { search: kit.job({ input: Query, output: z.string() }) } });
    tools.handle({ search: ({ q }) => `${q}!` });
    expect(Object.keys(tools)).toEqual(["name", "handle"]);
    const [one, other] = [kit.using(memoryStore()), kit.using(memoryStore())];
    const { id } = await one.use(tools).enqueue("search", { q: "a" });
    expect(await other.use(tools).processQueue()).toEqual({ ran: 0, removed: 0 });
    expect(await one.use(tools).processQueue()).toEqual({ ran: 1, removed: 0 });
    expect((await one.use(tools).get(id))?.result).toBe("a!");
  });
});
