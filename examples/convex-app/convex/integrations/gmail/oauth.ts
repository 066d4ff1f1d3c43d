import { v } from "convex/values";
import { anonymous, KeelsonError, reply, unlimited } from "keelson";
import { internal } from "../../_generated/api";
import { clients, guarded, internalGuarded, kit, oauthStates } from "../../keel";
import { user } from "../../lib/authGuards";
import { gmailConnection } from "../../lib/functionBoundaries";
import { called } from "../../lib/functionErrors";
import { perUser } from "../../lib/functionRateLimit";
import { Mailbox, tokens } from "../../lib/gmailApi";
import { oauthCallback } from "../../lib/httpContracts";
import { needed } from "../../lib/needed";
import { routes } from "../../lib/objectives";
import { signState, verifyState } from "../../lib/signedState";

const SCOPE = "https://www.googleapis.com/auth/gmail.readonly";

/** Where the user consents; the state in it brings the answer back to them and nobody else. */
export const begin = guarded.action({
  name: "integrations.gmail.oauth.begin",
  args: {},
  auth: user,
  limits: perUser.writes,
  handler: async ({ principal }) => {
    const query = new URLSearchParams({
      client_id: needed("GOOGLE_CLIENT_ID"),
      redirect_uri: needed("GMAIL_REDIRECT_URL"),
      response_type: "code",
      scope: SCOPE,
      access_type: "offline",
      prompt: "consent",
      state: await signState(principal.id, Date.now()),
    });
    return { url: `${kit.knobs.GOOGLE_AUTH_URL}/o/oauth2/v2/auth?${query}` };
  },
});

/** Keeps a connection. What it is given came from Google and from a URL. */
export const storeGmailConnection = internalGuarded.mutation({
  name: "integrations.gmail.oauth.storeGmailConnection",
  args: {
    owner: v.string(),
    email: v.string(),
    refreshToken: v.string(),
    scope: v.string(),
    historyId: v.string(),
  },
  refine: gmailConnection,
  auth: anonymous("called by the callback, for the owner of a state that this app has signed"),
  limits: unlimited("a state is good for one"),
  handler: async ({ ctx }, connection) => {
    const known = await ctx.db
      .query("gmailConnections")
      .withIndex("by_owner", (q) => q.eq("owner", connection.owner))
      .unique();
    if (known !== null) await ctx.db.delete(known._id);
    await ctx.db.insert("gmailConnections", { ...connection, at: Date.now() });
    return null;
  },
});

/** `GET /api/gmail/auth/callback`: Google sends the user back. */
export const gmailCallback = kit.endpoint({
  name: "gmail-auth-callback",
  method: "GET",
  path: "/api/gmail/auth/callback",
  slo: routes.gmailCallback,
  query: oauthCallback,
  maxQueryBytes: "4kb",
  auth: anonymous("the signed state says whose consent it is"),
  limits: [{ limiter: clients, by: "client" }],
  handler: async ({ query, ctx, use }) => {
    const { owner, nonce } = await verifyState(query.state, Date.now());
    if (!("code" in query)) throw new KeelsonError("forbidden", undefined, { detail: "Access was not granted" });
    const { code } = query as { readonly code: string };
    const { outcome } = await use(oauthStates).once("state", nonce, async () => {
      const granted = await tokens(use, { code });
      if (granted.refresh_token === undefined)
        throw new KeelsonError("forbidden", undefined, { detail: "Google gave no refresh token: consent once more" });
      const { emailAddress, historyId } = await new Mailbox(use, granted.access_token).profile();
      await called(
        ctx.runMutation(internal.integrations.gmail.oauth.storeGmailConnection, {
          owner,
          email: emailAddress,
          refreshToken: granted.refresh_token,
          scope: granted.scope,
          historyId,
        }),
      );
    });
    if (outcome !== "done") throw new KeelsonError("conflict", undefined, { detail: "This consent was used already" });
    return reply(200, "Your mailbox is connected. You may close this page.", { "content-type": "text/plain" });
  },
});
