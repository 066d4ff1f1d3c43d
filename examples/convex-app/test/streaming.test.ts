import { internalMutationGeneric } from "convex/server";
import { v } from "convex/values";
import { describe, expect, it, onTestFinished } from "vitest";
import { api, internal } from "../convex/_generated/api";
import { loaded } from "../serve/deployment.js";
import { conflict, eventsAsTheyCome, eventsOf, harness, refusal } from "./harness.js";

const app = harness({ OPENROUTER_SILENCE_MS: "200", TOOL_JOB_MAX_ATTEMPTS: "2", TOOL_JOB_RETRY_BASE_MS: "20" });
/** The assistant repeats what it was asked: long enough to be saved while it is streamed. */
const LONG = "a keel of oak ".repeat(100).trim();

function broken(fault: Parameters<typeof app.standIns.openRouter.inject>[0]) {
  onTestFinished(() => app.standIns.openRouter.clear());
  return app.standIns.openRouter.inject(fault);
}

describe("a stream", () => {
  it("brings the answer word by word", async () => {
    const { chat } = await app.fresh();
    const texts = (await eventsOf(await chat("ada", { message: "a keel" }))).filter(({ event }) => event === "text");
    expect(texts.length).toBeGreaterThan(5);
    expect(texts.map(({ data }) => data.text).join("")).toMatch(/^For "a keel" I would start with /);
  });

  it("ends when its owner stops it, and keeps what was said until then", async () => {
    const { t, chat, rows } = await app.fresh();
    const held = broken({ kind: "hold" });
    const told: string[] = [];
    for await (const { event, data } of eventsAsTheyCome(await chat("ada", { message: LONG }))) {
      told.push(event);
      if (event !== "thread") continue;
      await t.withIdentity({ subject: "ada" }).mutation(api.streamSessions.stop, { id: data.session as never });
      held.remove();
    }
    expect(told.at(-1)).toBe("stopped");
    expect(await rows("streamSessions")).toMatchObject([{ status: "stopped" }]);
    expect((await rows("messages")).map(({ role }) => role)).toEqual(["user", "assistant"]);
  });

  it("goes on though it can't be saved meanwhile", async () => {
    const real = await loaded<typeof import("../convex/streamSessions")>(app.modules, "streamSessions");
    let refused = 0;
    const save = internalMutationGeneric({
      args: { id: v.id("streamSessions"), text: v.string(), status: v.string() },
      handler: ({ db }, { id, text, status }) => {
        if (status !== "streaming") return db.patch(id, { text, status }).then(() => true);
        refused++;
        throw conflict();
      },
    });
    const { chat, rows } = await app.fresh({ "./streamSessions.ts": () => Promise.resolve({ ...real, save }) });
    const events = await eventsOf(await chat("ada", { message: LONG }));
    expect([events.at(-1)?.event, refused > 0]).toEqual(["done", true]);
    expect(await rows("streamSessions")).toMatchObject([{ status: "done", text: expect.stringContaining("oak") }]);
  });

  it("says what it couldn't keep in the end", async () => {
    const real = await loaded<typeof import("../convex/messages")>(app.modules, "messages");
    const answered = internalMutationGeneric(() => {
      throw conflict();
    });
    const { chat, rows } = await app.fresh({ "./messages.ts": () => Promise.resolve({ ...real, answered }) });
    const events = await eventsOf(await chat("ada", { message: "a keel" }));
    expect(events.at(-1)).toMatchObject({ event: "error", data: { code: "unavailable", retryAfterMs: 1000 } });
    expect(await rows("messages")).toMatchObject([{ role: "user" }]);
  });

  it("doesn't wait for a model that has hung up in the middle", async () => {
    const { chat, rows } = await app.fresh();
    broken({ kind: "hang", before: "body" });
    const events = await eventsOf(await chat("ada", { message: "a keel" }));
    expect(events.at(-1)).toMatchObject({ event: "error", data: { code: "upstream_timeout" } });
    expect(await rows("streamSessions")).toMatchObject([{ status: "failed" }]);
  });

  it("is answered the same again by its key, and asks nobody for that", async () => {
    const { chat, rows } = await app.fresh();
    const key = { "idempotency-key": "k-1" };
    const first = await (await chat("ada", { message: "a keel" }, key)).text();
    const asked = app.standIns.openRouter.counts().requests;
    const again = await chat("ada", { message: "a keel" }, key);
    expect([again.headers.get("idempotency-replayed"), await again.text()]).toEqual(["true", first]);
    expect([app.standIns.openRouter.counts().requests, (await rows("messages")).length]).toEqual([asked, 2]);
  });
});

describe("a thread", () => {
  it("takes so many questions and no more", async () => {
    const { t, chat, rows } = await app.fresh();
    const thread = await t.withIdentity({ subject: "ada" }).mutation(api.threads.create, { title: "full" });
    await t.run(({ db }) => db.patch(thread as never, { turns: 200 } as never));
    const refused = await chat("ada", { message: "one more", thread });
    expect([refused.status, (await refused.json()).code]).toEqual([409, "conflict"]);
    expect(await rows("messages")).toEqual([]);
  });

  it("counts what it was asked, and is emptied bit by bit once it is gone", async () => {
    const { t, settled, rows } = await app.fresh();
    const ada = t.withIdentity({ subject: "ada" });
    let thread: string | undefined;
    for (let n = 0; n < 60; n++)
      ({ thread } = await t.mutation(internal.messages.ask, {
        owner: "ada",
        text: `question ${n}`,
        ...(thread && { thread }),
      }));
    expect(await rows("threads")).toMatchObject([{ turns: 60 }]);
    const kept = await t.mutation(internal.messages.ask, { owner: "ada", text: "elsewhere" });
    await ada.mutation(api.threads.remove, { id: thread as never });
    expect((await refusal(ada.query(api.messages.list, { thread: thread as never }))).code).toBe("not_found");
    for (let n = 0; n < 3; n++) await settled();
    expect(await rows("messages")).toMatchObject([{ thread: kept.thread }]);
  });
});

describe("a search that failed once", () => {
  it("is tried again while whoever asked still waits", async () => {
    const { chat } = await app.fresh();
    // (The search's own three attempts fail, and so the job's first.)
    app.standIns.serper.inject({ kind: "status", status: 500, next: 3 });
    onTestFinished(() => app.standIns.serper.clear());
    const events = await eventsOf(await chat("ada", { message: "a keel" }));
    expect(events.at(-1)).toMatchObject({ event: "done", data: { missing: [], sources: [{}, {}, {}] } });
  });
});
