import { describe, expect, it, onTestFinished, vi } from "vitest";
import { internal } from "../convex/_generated/api";
import { eventsOf, type Fresh, harness } from "./harness.js";

const app = harness({ TOOL_JOB_LEASE_MS: "1000" });

type Fault = Parameters<typeof app.standIns.serper.inject>[0];

function broken(fault: Fault) {
  onTestFinished(() => app.standIns.serper.clear());
  return app.standIns.serper.inject(fault);
}

/** Searches since the test began, by what was searched. */
function searched() {
  const { serper } = app.standIns;
  const before = serper.counts().requests;
  return () => serper.counts().requests - before;
}

/** How many jobs of a kind have succeeded. */
async function succeeded({ t }: Fresh, tool: string): Promise<number> {
  const { toolJobs } = await t.query(internal.ops.snapshotForOperators, {});
  return toolJobs.byTool[tool as never]?.["ended" as never]?.["succeeded" as never] ?? 0;
}

async function turn({ chat }: Fresh, message: string) {
  return (await eventsOf(await chat("ada", { message }))).at(-1)?.data as {
    sources: { title: string; price?: string }[];
    missing: string[];
  };
}

describe("a worker that is cut off in the middle of a job", () => {
  it("leaves it to another, and what it finds late counts for nothing", async () => {
    const fresh = await app.fresh();
    const { t } = fresh;
    const count = searched();
    const held = broken({ kind: "hold", next: 1 });
    // (Enqueueing wakes a worker: that is the one that is cut off.)
    await t.mutation(internal.toolJobs.enqueue, { owner: "ada", tool: "search_web", q: "keels" });
    await vi.waitFor(() => expect(count()).toBe(1));
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 1_500 });
    onTestFinished(() => void vi.useRealTimers());
    expect(await t.action(internal.toolJobs.processQueue, {})).toMatchObject({ ran: 1 });
    expect([count(), await succeeded(fresh, "search_web")]).toEqual([2, 1]);
    held.remove();
    await fresh.settled();
    expect(await succeeded(fresh, "search_web")).toBe(1);
  });
});

describe("a search of everything", () => {
  it("is one job of two searches, and known for each of them afterwards", async () => {
    const fresh = await app.fresh();
    const count = searched();
    const { sources, missing } = await turn(fresh, "everything on keels");
    expect([sources.length, sources.some(({ price }) => price !== undefined), missing, count()]).toEqual([
      6,
      true,
      [],
      2,
    ]);
    expect(await fresh.t.query(internal.toolCache.get, { tool: "search_web", q: "everything on keels" })).toHaveLength(
      3,
    );
    expect(await turn(fresh, "everything on keels")).toMatchObject({ sources: { length: 6 } });
    expect([count(), await succeeded(fresh, "search_global"), (await fresh.rows("toolJobs")).length]).toEqual([
      2, 1, 1,
    ]);
  });

  it("asks for what isn't known alone", async () => {
    const fresh = await app.fresh();
    const known = [{ title: "Known", link: "https://shop.example/known" }];
    const set = { tool: "search_web", q: "everything on masts", value: JSON.stringify(known) } as const;
    await fresh.t.mutation(internal.toolCache.set, set);
    const count = searched();
    const { sources } = await turn(fresh, "everything on masts");
    expect([sources[0]?.title, sources.length, count()]).toEqual(["Known", 4, 1]);
    expect((await fresh.rows("toolJobs")).map(({ tool }) => tool)).toEqual(["search_products"]);
    broken({ kind: "status", status: 400, route: "POST /shopping" });
    await fresh.t.mutation(internal.toolCache.clearNamespace, { tool: "search_products" });
    expect(await turn(fresh, "everything on masts")).toMatchObject({
      sources: [{ title: "Known" }],
      missing: ["search_products"],
    });
  });

  it("goes without one of them, and keeps nothing for it", async () => {
    const fresh = await app.fresh();
    broken({ kind: "status", status: 400, route: "POST /shopping" });
    expect(await turn(fresh, "everything on oars")).toMatchObject({
      sources: { length: 3 },
      missing: ["search_products"],
    });
    const get = (tool: "search_web" | "search_products") =>
      fresh.t.query(internal.toolCache.get, { tool, q: "everything on oars" });
    expect([(await get("search_web"))?.length, await get("search_products")]).toEqual([3, null]);
  });
});

describe("what a search finds", () => {
  it("is shown only as far as it is a page of the web", async () => {
    const { usableHits } = await import("../convex/lib/tools");
    const good = { title: "Keel", link: "https://shop.example/keel", position: 1 };
    const odd = [
      null,
      7,
      {},
      { ...good, link: "javascript:alert(1)" },
      { ...good, link: "/keel" },
      { ...good, title: 1 },
    ];
    expect(usableHits([...odd, good, { ...good, title: "x".repeat(400), price: "9 EUR" }])).toEqual([
      { title: "Keel", link: good.link },
      { title: "x".repeat(300), link: good.link, price: "9 EUR" },
    ]);
    expect(usableHits(Array.from({ length: 50 }, () => good))).toHaveLength(20);
  });
});
