import { v } from "convex/values";
import { anonymous, KeelsonError, unlimited } from "keelson";
import { guarded, internalGuarded } from "./keel";
import { owned, user } from "./lib/authGuards";
import { perUser } from "./lib/functionRateLimit";

/** Questions of a thread at most, so that its messages fit into one page. */
const MOST_TURNS = 200;
/** Of a thread: a question and its answer each. */
const MOST = 2 * MOST_TURNS;
/** Of which the model is shown the last. */
const SHOWN = 20;

const source = v.object({ title: v.string(), link: v.string(), price: v.optional(v.string()) });

export const list = guarded.query({
  name: "messages.list",
  args: { thread: v.id("threads") },
  auth: user,
  limits: unlimited("reads one page of the caller's own rows"),
  handler: async ({ ctx, principal }, { thread }) => {
    owned(await ctx.db.get(thread), principal, "thread");
    const rows = await ctx.db
      .query("messages")
      .withIndex("by_thread", (q) => q.eq("thread", thread))
      .take(MOST);
    return rows.map(({ _id, role, text, sources, at }) => ({ id: _id, role, text, sources, at }));
  },
});

export const remove = guarded.mutation({
  name: "messages.remove",
  args: { id: v.id("messages") },
  auth: user,
  limits: perUser.writes,
  handler: async ({ ctx, principal }, { id }) => {
    owned(await ctx.db.get(id), principal, "message");
    await ctx.db.delete(id);
    return null;
  },
});

/** Notes what a user said, in a thread of theirs or a new one, and answers what was said there before. */
export const ask = internalGuarded.mutation({
  name: "messages.ask",
  args: { owner: v.string(), thread: v.optional(v.string()), text: v.string() },
  auth: anonymous("called by the app for a user that it has authenticated"),
  limits: unlimited("the chat's own limits come before it"),
  handler: async ({ ctx }, { owner, thread: named, text }) => {
    const known = named === undefined ? undefined : ctx.db.normalizeId("threads", named);
    if (known === null) throw new KeelsonError("not_found", undefined, { detail: "There is no such thread" });
    const at = Date.now();
    const thread = known ?? (await ctx.db.insert("threads", { owner, title: text.slice(0, 60), turns: 0, at }));
    const { turns } = owned(await ctx.db.get(thread), { id: owner }, "thread");
    if (turns >= MOST_TURNS)
      throw new KeelsonError("conflict", undefined, { detail: "This thread is full: begin a new one" });
    const before = await ctx.db
      .query("messages")
      .withIndex("by_thread", (q) => q.eq("thread", thread))
      .order("desc")
      .take(SHOWN);
    await ctx.db.insert("messages", { owner, thread, role: "user", text, sources: [], at });
    await ctx.db.patch(thread, { at, turns: turns + 1 });
    return { thread, before: before.reverse().map(({ role, text: said }) => ({ role, text: said })) };
  },
});

/** Notes what the assistant answered. */
export const answered = internalGuarded.mutation({
  name: "messages.answered",
  maxBytes: "256kb",
  args: { owner: v.string(), thread: v.id("threads"), text: v.string(), sources: v.array(source) },
  auth: anonymous("called by the app for a user that it has authenticated"),
  limits: unlimited("the chat's own limits come before it"),
  handler: async ({ ctx }, { owner, thread, text, sources }) => {
    // The thread may have been deleted while the assistant was thinking.
    if ((await ctx.db.get(thread)) === null) return null;
    return ctx.db.insert("messages", { owner, thread, role: "assistant", text, sources, at: Date.now() });
  },
});
