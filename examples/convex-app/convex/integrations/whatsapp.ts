import { v } from "convex/values";
import { anonymous, unlimited } from "keelson";
import { internal } from "../_generated/api";
import { guarded, internalGuarded, kit, linkAttempts, whatsApp } from "../keel";
import { answer } from "../lib/assistant";
import { user } from "../lib/authGuards";
import { whatsAppItem } from "../lib/functionBoundaries";
import { called } from "../lib/functionErrors";
import { perUser } from "../lib/functionRateLimit";
import { odd } from "../lib/httpErrors";
import { needed } from "../lib/needed";

/** How long a code may be used. */
const CODE_MS = 10 * 60_000;
const SILENT = { text: () => undefined, tool: () => undefined };

/** A code that the user sends to the assistant's number, so that it knows whose phone that is. */
export const requestLinkCode = guarded.mutation({
  name: "integrations.whatsapp.requestLinkCode",
  args: {},
  auth: user,
  limits: perUser.linkCodes,
  handler: async ({ ctx, principal }) => {
    const owner = principal.id;
    const old = await ctx.db
      .query("whatsappCodes")
      .withIndex("by_owner", (q) => q.eq("owner", owner))
      .unique();
    if (old !== null) await ctx.db.delete(old._id);
    const until = Date.now() + CODE_MS;
    for (;;) {
      const code = String(crypto.getRandomValues(new Uint32Array(1))[0] ?? 0)
        .padStart(8, "0")
        .slice(-8);
      const taken = await ctx.db
        .query("whatsappCodes")
        .withIndex("by_code", (q) => q.eq("code", code))
        .unique();
      if (taken !== null) continue;
      await ctx.db.insert("whatsappCodes", { owner, code, until });
      return { code, until };
    }
  },
});

/** Which phone is linked. */
export const linkStatus = guarded.query({
  name: "integrations.whatsapp.linkStatus",
  args: {},
  auth: user,
  limits: unlimited("reads one row"),
  handler: async ({ ctx, principal }) => {
    const row = await ctx.db
      .query("whatsappLinks")
      .withIndex("by_owner", (q) => q.eq("owner", principal.id))
      .first();
    return row === null ? { linked: false as const } : { linked: true as const, phone: `…${row.phone.slice(-4)}` };
  },
});

export const unlink = guarded.mutation({
  name: "integrations.whatsapp.unlink",
  args: {},
  auth: user,
  limits: perUser.writes,
  handler: async ({ ctx, principal }) => {
    const row = await ctx.db
      .query("whatsappLinks")
      .withIndex("by_owner", (q) => q.eq("owner", principal.id))
      .first();
    if (row !== null) await ctx.db.delete(row._id);
    return row !== null;
  },
});

/** Who a phone belongs to. */
export const ownerOf = internalGuarded.query({
  name: "integrations.whatsapp.ownerOf",
  args: { phone: v.string() },
  auth: anonymous("called by the webhook, which has verified Meta's signature"),
  limits: unlimited("internal"),
  handler: async ({ ctx }, { phone }) => {
    const row = await ctx.db
      .query("whatsappLinks")
      .withIndex("by_phone", (q) => q.eq("phone", phone))
      .first();
    return row?.owner ?? null;
  },
});

/**
 * Links a phone by a code. A wrong code is an answer and not an error: thrown, it would take back the attempt that was
 * counted.
 */
export const redeemCode = internalGuarded.mutation({
  name: "integrations.whatsapp.redeemCode",
  args: { phone: v.string(), code: v.string() },
  auth: anonymous("called by the webhook, which has verified Meta's signature"),
  limits: unlimited("attempts are counted by phone, and stay counted"),
  handler: async ({ ctx, use }, { phone, code }): Promise<"linked" | "wrong" | "too_many"> => {
    const { allowed } = await use(linkAttempts).check(phone);
    if (!allowed) return "too_many";
    const row = await ctx.db
      .query("whatsappCodes")
      .withIndex("by_code", (q) => q.eq("code", code))
      .unique();
    if (row === null || row.until <= Date.now()) return "wrong";
    await ctx.db.delete(row._id);
    for (const index of ["by_phone", "by_owner"] as const) {
      const links = ctx.db.query("whatsappLinks");
      const old =
        index === "by_phone"
          ? await links.withIndex(index, (q) => q.eq("phone", phone)).first()
          : await links.withIndex(index, (q) => q.eq("owner", row.owner)).first();
      if (old !== null) await ctx.db.delete(old._id);
    }
    await ctx.db.insert("whatsappLinks", { owner: row.owner, phone, at: Date.now() });
    return "linked";
  },
});

/** Handles one message that was sent to the assistant's number, and answers it there. */
export const processWebhook = internalGuarded.action({
  name: "integrations.whatsapp.processWebhook",
  args: { phoneNumberId: v.string(), from: v.string(), text: v.string() },
  refine: whatsAppItem,
  auth: anonymous("called by the webhook, which has verified Meta's signature"),
  limits: unlimited("the endpoint's own limit comes before it"),
  handler: async ({ ctx, use }, { phoneNumberId, from, text }): Promise<null> => {
    const said = await replyTo();
    const response = await use(whatsApp).fetch(
      `${kit.knobs.WHATSAPP_URL}/v23.0/${phoneNumberId}/messages`,
      {
        method: "POST",
        headers: { authorization: `Bearer ${needed("WHATSAPP_TOKEN")}`, "content-type": "application/json" },
        body: JSON.stringify({
          messaging_product: "whatsapp",
          recipient_type: "individual",
          to: from,
          type: "text",
          text: { body: said.slice(0, 4096) },
        }),
      },
      // A message that may have been sent is not sent again.
      { idempotent: false },
    );
    await response.body?.cancel();
    if (!response.ok) throw odd("WhatsApp", `answered ${response.status}`);
    return null;

    async function replyTo(): Promise<string> {
      const [code] = /\b\d{8}\b/.exec(text) ?? [];
      const owner = await ctx.runQuery(internal.integrations.whatsapp.ownerOf, { phone: from });
      if (owner === null && code !== undefined) {
        const redeem = ctx.runMutation(internal.integrations.whatsapp.redeemCode, { phone: from, code });
        const outcome: keyof typeof LINKING = await called(redeem);
        return LINKING[outcome];
      }
      if (owner === null) return "I don't know this phone yet: ask for a link code in the app, and send it to me.";
      if (text === "") return "I can only read text, so far.";
      return (await answer({ ctx, use, owner }, [], text, SILENT)).text;
    }
  },
});

const LINKING = {
  linked: "This phone is linked. What are you looking for?",
  wrong: "I don't know this code. Ask for a new one in the app.",
  too_many: "Too many attempts. Try again in ten minutes.",
} as const;
