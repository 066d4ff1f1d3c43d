import { describe, expect, it, onTestFinished, vi } from "vitest";
import { api, internal } from "../convex/_generated/api";
import { eventsOf, harness, refusal } from "./harness.js";

const app = harness({ RATE_LIMIT_CHAT_MAX: "12", BREAKER_MINIMUM_CALLS: "4", TOOL_JOB_MAX_ATTEMPTS: "1" });

/** Injects a fault until the test ends. */
function broken(which: "openRouter" | "serper", fault: Parameters<typeof app.standIns.serper.inject>[0]): void {
  const upstream = app.standIns[which];
  upstream.inject(fault);
  onTestFinished(() => upstream.clear());
}

describe("a chat turn", () => {
  it("is streamed, with what tools found, and is there when the page is loaded again", async () => {
    const { t, chat } = await app.fresh();
    const response = await chat("ada", { message: "a keel" });
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/event-stream; charset=utf-8"]);
    const events = await eventsOf(response);
    expect(events.map(({ event }) => event).filter((event, at, all) => event !== all[at - 1])).toEqual([
      "thread",
      "tool",
      "text",
      "done",
    ]);
    const thread = events[0]?.data.thread as never;
    const ada = t.withIdentity({ subject: "ada" });
    expect(await ada.query(api.messages.list, { thread })).toMatchObject([
      { role: "user", text: "a keel" },
      { role: "assistant", sources: [{ title: "a keel: buyer's guide" }, {}, {}] },
    ]);
    expect(await ada.query(api.streamSessions.latest, { thread })).toMatchObject({ status: "done" });
    const more = await eventsOf(await chat("ada", { message: "and a mast", thread }));
    expect(more[0]?.data.thread).toBe(thread);
  });

  it("is answered as a whole to clients that don't stream", async () => {
    const { t } = await app.fresh();
    const sent = await t.withIdentity({ subject: "ada" }).action(api.chat.send, { message: "a keel" });
    expect(sent).toMatchObject({ text: expect.stringContaining("a keel"), missing: [], sources: [{}, {}, {}] });
  });

  it("does without a search that can't be had, and says so", async () => {
    broken("serper", { kind: "status", status: 500 });
    const { chat } = await app.fresh();
    const events = await eventsOf(await chat("ada", { message: "a keel" }));
    expect(events.at(-1)).toMatchObject({ event: "done", data: { missing: ["search_web"], sources: [] } });
  });

  it("says within the stream what is wrong with the model, and nothing internal", async () => {
    broken("openRouter", { kind: "status", status: 500 });
    const { chat, rows } = await app.fresh();
    const events = await eventsOf(await chat("ada", { message: "a keel" }));
    expect(events.at(-1)).toEqual({
      event: "error",
      data: { code: "upstream_bad_status", title: expect.any(String) },
    });
    expect(JSON.stringify(events)).not.toContain("127.0.0.1");
    expect(await rows("streamSessions")).toMatchObject([{ status: "failed" }]);
  });

  it("stops calling a model that fails, for all actions, and tries it again later", async () => {
    const { t, chat } = await app.fresh();
    broken("openRouter", { kind: "status", status: 500 });
    const codes: unknown[] = [];
    for (let n = 0; n < 4; n++)
      codes.push((await eventsOf(await chat("ada", { message: "a keel" }))).at(-1)?.data.code);
    const asked = app.standIns.openRouter.counts().requests;
    codes.push((await eventsOf(await chat("bob", { message: "a keel" }))).at(-1)?.data.code);
    expect(codes.slice(-2)).toEqual(["upstream_circuit_open", "upstream_circuit_open"]);
    expect(app.standIns.openRouter.counts().requests).toBe(asked);
    const snapshot = await t.withIdentity({ subject: "olga" }).query(api.ops.getReliabilitySnapshot, {});
    expect(snapshot.upstreams.openrouter?.breaker).toMatchObject({ state: "open" });
    app.standIns.openRouter.clear();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 60_000 });
    onTestFinished(() => void vi.useRealTimers());
    expect((await eventsOf(await chat("bob", { message: "a keel" }))).at(-1)?.event).toBe("done");
  });

  it("is counted by user, and refused with the time to wait", async () => {
    const { t, chat } = await app.fresh();
    for (let n = 0; n < 12; n++) await (await chat("ada", { message: "a keel" })).text();
    const refused = await chat("ada", { message: "one too many" });
    expect([refused.status, (await refused.json()).code]).toEqual([429, "rate_limit"]);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await refusal(t.withIdentity({ subject: "ada" }).action(api.chat.send, { message: "hm" }))).code).toBe(
      "rate_limit",
    );
    expect((await chat("bob", { message: "a keel" })).status).toBe(200);
  });

  it("is not let into another's thread", async () => {
    const { chat } = await app.fresh();
    const [first] = await eventsOf(await chat("ada", { message: "a keel" }));
    const refused = await chat("eve", { message: "what did she ask?", thread: first?.data.thread });
    expect([refused.status, (await refused.json()).code]).toEqual([404, "not_found"]);
    const odd = await chat("eve", { message: "hm", thread: "no-such-thread" });
    expect([odd.status, (await odd.json()).code]).toEqual([404, "not_found"]);
  });

  it("is marked as failed when its action died", async () => {
    const { t, rows, chat } = await app.fresh();
    const [first] = await eventsOf(await chat("ada", { message: "a keel" }));
    const thread = first?.data.thread as never;
    await t.mutation(internal.streamSessions.start, { owner: "ada", thread });
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 11 * 60_000 });
    onTestFinished(() => void vi.useRealTimers());
    expect(await t.mutation(internal.streamSessions.sweep, {})).toBe(1);
    expect((await rows("streamSessions")).map(({ status }) => status)).toEqual(["done", "failed"]);
  });
});
