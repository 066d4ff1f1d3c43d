import { mutationGeneric } from "convex/server";
import { describe, expect, it, onTestFinished } from "vitest";
import { api, internal } from "../convex/_generated/api";
import { loaded, type Modules } from "../serve/deployment.js";
import { conflict, eventsOf, harness, ORIGIN, refusal } from "./harness.js";

const app = harness();

/** What of the component's function is called here. */
interface Step {
  _handler(ctx: unknown, args: unknown): Promise<unknown>;
}

/** The component while others keep writing the documents of some spaces. */
function contended(spaces: RegExp) {
  return (component: Modules): Modules => {
    const cells = async () => {
      const real = (await component["./cells.ts"]?.()) as { step: Step };
      const step = mutationGeneric({
        handler: (ctx, args: { steps: readonly { space: string }[] }) => {
          if (args.steps.some(({ space }) => spaces.test(space))) throw conflict();
          return real.step._handler(ctx, args);
        },
      });
      return { ...real, step };
    };
    return { ...component, "./cells.ts": cells };
  };
}

describe("while a limiter's documents are written by many", () => {
  it("a chat turn is let through where its limits are open, and somebody is told", async () => {
    const before = app.standIns.sentry.events.length;
    const { chat, settled } = await app.fresh({}, contended(/:limiter:(chat|clients)$/));
    const answer = await chat("ada", { message: "a keel" });
    expect([answer.status, (await eventsOf(answer)).at(-1)?.event]).toEqual([200, "done"]);
    await settled();
    expect(app.standIns.sentry.events.slice(before).map(({ fingerprint }) => fingerprint)).toEqual([
      ["limiter:clients"],
      ["limiter:chat"],
    ]);
  });

  it("a call is refused where its limit is closed, with when to come again, and never by a 500", async () => {
    const before = app.standIns.sentry.events.length;
    const { t, settled } = await app.fresh({}, contended(/:limiter:(syncs|auth-failures)$/));
    const ada = t.withIdentity({ subject: "ada" });
    expect(await refusal(ada.action(api.integrations.gmail.sync.syncGmail, { days: 7 }))).toMatchObject({
      code: "unavailable",
      category: "unavailable",
    });
    const headers = { "content-type": "application/json", origin: ORIGIN };
    const unknown = await t.fetch("/api/chat", { method: "POST", headers, body: "{}" });
    expect([unknown.status, (await unknown.json()).code]).toEqual([503, "unavailable"]);
    expect(unknown.headers.get("retry-after")).toBe("1");
    await settled();
    const told = app.standIns.sentry.events.slice(before).map(({ fingerprint }) => String(fingerprint));
    expect(told).toEqual(["limiter:syncs", "limiter:auth-failures"]);
  });

  it("webhooks are taken in, and handled once all the same", async () => {
    const { t } = await app.fresh({}, contended(/:limiter:webhooks$/));
    const push = app.standIns.pubSub.push({ messageId: "1", data: { emailAddress: "a@b.example", historyId: 5 } });
    const outcomes: unknown[] = [];
    for (let n = 0; n < 2; n++) {
      const answer = await t.fetch("/api/gmail/push", { method: "POST", ...push });
      outcomes.push(answer.status, await answer.json());
    }
    expect(outcomes).toEqual([200, { outcome: "done" }, 200, { outcome: "duplicate" }]);
  });
});

describe("while other documents are written by many", () => {
  it("a webhook that can't be claimed is asked to come again", async () => {
    const { t } = await app.fresh({}, contended(/:replay:/));
    const push = app.standIns.pubSub.push({ messageId: "1", data: { emailAddress: "a@b.example", historyId: 5 } });
    const answer = await t.fetch("/api/gmail/push", { method: "POST", ...push });
    expect([answer.status, (await answer.json()).code]).toEqual([503, "unavailable"]);
  });

  it("the app's own are told as what is over in a moment", async () => {
    const real = await loaded<object>(app.modules, "messages");
    const ask = mutationGeneric(() => {
      throw conflict();
    });
    const { chat } = await app.fresh({ "./messages.ts": () => Promise.resolve({ ...real, ask }) });
    const answer = await chat("ada", { message: "a keel" });
    expect([answer.status, answer.headers.get("retry-after"), (await answer.json()).code]).toEqual([
      503,
      "1",
      "unavailable",
    ]);
  });

  it("what was found is told all the same, though it could not be noted", async () => {
    const real = await loaded<object>(app.modules, "toolCache");
    const note = mutationGeneric(() => {
      throw conflict();
    });
    const { chat, rows } = await app.fresh({ "./toolCache.ts": () => Promise.resolve({ ...real, note }) });
    const events = await eventsOf(await chat("ada", { message: "a keel" }));
    expect(events.at(-1)).toMatchObject({ event: "done", data: { missing: [], sources: { length: 3 } } });
    expect(await rows("toolResultCache")).toEqual([]);
  });

  it("breakers let calls through that they can't count", async () => {
    const { kit } = await loaded<typeof import("../convex/keel")>(app.modules, "keel");
    const reasons = new Set<string>();
    onTestFinished(kit.events.on("breaker.store_failed", ({ reason }) => void reasons.add(reason)));
    const { chat } = await app.fresh({}, contended(/:circuit:/));
    expect((await eventsOf(await chat("ada", { message: "a keel" }))).at(-1)?.event).toBe("done");
    expect([...reasons]).toEqual(["contention"]);
  });

  it("workers that can't be counted leave the jobs to others", async () => {
    const { t, rows } = await app.fresh({}, contended(/:bulkhead:tool-jobs$/));
    await t.mutation(internal.toolJobs.enqueue, { owner: "ada", tool: "search_web", q: "keels" });
    expect((await refusal(t.action(internal.toolJobs.processQueue, {}))).code).toBe("unavailable");
    expect(await rows("toolWakes")).toHaveLength(1);
    expect(await t.action(internal.toolJobs.claimNext, {})).toMatchObject({ input: { q: "keels" } });
  });
});
