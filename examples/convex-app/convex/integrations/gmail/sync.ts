import { v } from "convex/values";
import { anonymous, isKeelsonError, KeelsonError, unlimited } from "keelson";
import { internal } from "../../_generated/api";
import type { ActionCtx } from "../../_generated/server";
import { guarded, internalGuarded } from "../../keel";
import { user } from "../../lib/authGuards";
import { fullSync, gmailNotice } from "../../lib/functionBoundaries";
import { perUser } from "../../lib/functionRateLimit";
import { Mailbox, tokens } from "../../lib/gmailApi";
import { parcelIn } from "../../lib/parcels";

const MOST_MESSAGES = 50;
/** Of history, 100 records each, in one call. */
const MOST_PAGES = 2;
/** Messages that are read at a time. */
const AT_ONCE = 5;

/** What a sync found. */
export interface Synced {
  readonly read: number;
  readonly parcels: number;
}

/** Looks through the last days of the caller's mailbox for parcels. */
export const syncGmail = guarded.action({
  name: "integrations.gmail.sync.syncGmail",
  args: { days: v.number() },
  refine: fullSync,
  auth: user,
  limits: perUser.syncs,
  handler: async ({ ctx, use, principal }, { days }): Promise<Synced> => {
    const connection = await ctx.runQuery(internal.integrations.gmail.connection.find, { owner: principal.id });
    if (connection === null)
      throw new KeelsonError("not_found", undefined, { detail: "There is no mailbox connected" });
    const { access_token } = await tokens(use, connection);
    const mailbox = new Mailbox(use, access_token);
    const { historyId } = await mailbox.profile();
    const ids = await mailbox.search(`newer_than:${days}d (parcel OR package OR shipped OR delivered)`, MOST_MESSAGES);
    const synced = await read(ctx, mailbox, principal.id, ids);
    await ctx.runMutation(internal.integrations.gmail.connection.readUntil, { owner: principal.id, historyId });
    return synced;
  },
});

/** Reads what is new in a mailbox that Gmail has pushed a notice of. */
export const incrementalSync = internalGuarded.action({
  name: "integrations.gmail.sync.incrementalSync",
  args: { emailAddress: v.string(), historyId: v.string() },
  refine: gmailNotice,
  auth: anonymous("called by the push endpoint, which has verified Google's token"),
  limits: unlimited("the endpoint's own limit comes before it"),
  handler: async ({ ctx, use }, { emailAddress, historyId }): Promise<Synced> => {
    const connection = await ctx.runQuery(internal.integrations.gmail.connection.find, { email: emailAddress });
    // Disconnected meanwhile, or a notice of a mailbox that never was ours; and what was read already.
    if (connection === null || BigInt(historyId) <= BigInt(connection.historyId)) return { read: 0, parcels: 0 };
    const granted = await tokens(use, connection).catch(async (error: unknown) => {
      if (!isKeelsonError(error) || error.code !== "forbidden") throw error;
      // The user has taken their consent back. Pushed again it would be no better.
      const { owner, refreshToken } = connection;
      await ctx.runMutation(internal.integrations.gmail.connection.lapsed, { owner, refreshToken });
      return undefined;
    });
    if (granted === undefined) return { read: 0, parcels: 0 };
    const mailbox = new Mailbox(use, granted.access_token);
    const news = await mailbox.since(connection.historyId, MOST_PAGES);
    const ids = news?.ids ?? (await mailbox.search("newer_than:7d", MOST_MESSAGES));
    const synced = await read(ctx, mailbox, connection.owner, ids);
    const until = news?.until ?? historyId;
    const moved: boolean = await ctx.runMutation(internal.integrations.gmail.connection.readUntil, {
      owner: connection.owner,
      historyId: until,
    });
    // More than one call should read: another goes on from there.
    if (news?.more === true && moved)
      await ctx.scheduler.runAfter(0, internal.integrations.gmail.sync.incrementalSync, { emailAddress, historyId });
    return synced;
  },
});

async function read(
  ctx: Pick<ActionCtx, "runMutation">,
  mailbox: Mailbox,
  owner: string,
  ids: readonly string[],
): Promise<Synced> {
  let parcels = 0;
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const mails = await Promise.all(ids.slice(at, at + AT_ONCE).map((id) => mailbox.message(id)));
    for (const mail of mails) {
      const parcel = mail && parcelIn(mail);
      if (mail === undefined || parcel === undefined) continue;
      parcels++;
      await ctx.runMutation(internal.packages.found, { owner, messageId: mail.id, ...parcel });
      const source = `gmail:${mail.id}`;
      await ctx.runMutation(internal.integrations.evidence.record, {
        owner,
        kind: "parcel",
        source,
        summary: `${parcel.carrier} ${parcel.tracking}: ${parcel.status}`,
      });
    }
  }
  return { read: ids.length, parcels };
}
