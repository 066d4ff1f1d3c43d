import { KeelsonError, type Use } from "keelson";
import { z } from "zod";
import { gmail, gmailOAuth, kit } from "../keel";
import { odd } from "./httpErrors";
import { needed } from "./needed";

const token = z.object({
  access_token: z.string().min(1),
  expires_in: z.number(),
  refresh_token: z.string().optional(),
  scope: z.string().default(""),
});
/** Tokens that Google has given. */
export type Tokens = z.infer<typeof token>;

const profile = z.object({ emailAddress: z.email(), historyId: z.coerce.string() });
const history = z.object({
  history: z
    .array(
      z.object({
        id: z.coerce.string().regex(/^\d{1,20}$/),
        messagesAdded: z.array(z.object({ message: z.object({ id: z.string() }) })).default([]),
      }),
    )
    .default([]),
  historyId: z.coerce.string(),
  nextPageToken: z.string().optional(),
});
const list = z.object({
  messages: z.array(z.object({ id: z.string() })).default([]),
  nextPageToken: z.string().optional(),
});
const part = z.object({
  headers: z.array(z.object({ name: z.string(), value: z.string() })).default([]),
});
const message = z.object({ id: z.string(), snippet: z.string().default(""), payload: part });

/** A message as far as parcels need it. */
export interface Mail {
  readonly id: string;
  readonly subject: string;
  readonly from: string;
  readonly snippet: string;
}

/** What is new in a mailbox. */
export interface News {
  readonly ids: readonly string[];
  /** The id of the last history record that was read. */
  readonly until: string;
  readonly more: boolean;
}

/**
 * Asks Google for tokens: by an authorization code, or by a refresh token.
 *
 * @throws {KeelsonError} `forbidden` where Google says that the grant is none, or no longer
 */
export async function tokens(
  use: Use<"act">,
  grant: { readonly code: string } | { readonly refreshToken: string },
): Promise<Tokens> {
  const body = new URLSearchParams({
    client_id: needed("GOOGLE_CLIENT_ID"),
    client_secret: needed("GOOGLE_CLIENT_SECRET"),
    ...("code" in grant
      ? { grant_type: "authorization_code", code: grant.code, redirect_uri: needed("GMAIL_REDIRECT_URL") }
      : { grant_type: "refresh_token", refresh_token: grant.refreshToken }),
  });
  const response = await use(gmailOAuth).fetch(
    `${kit.knobs.GOOGLE_OAUTH_URL}/token`,
    { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" }, body: body.toString() },
    // A code is good for one exchange: asked again it would be refused.
    { idempotent: !("code" in grant) },
  );
  const answer = (await response.json().catch(() => null)) as { error?: unknown } | null;
  if (response.status === 400 && answer?.error === "invalid_grant")
    throw new KeelsonError("forbidden", undefined, { detail: "Google no longer accepts this grant: connect again" });
  if (!response.ok) throw odd("Google OAuth", `answered ${response.status}`);
  const parsed = token.safeParse(answer);
  if (!parsed.success) throw odd("Google OAuth", "its answer is no token");
  return parsed.data;
}

/** Gmail's REST API for one mailbox: https://developers.google.com/workspace/gmail/api/reference/rest */
export class Mailbox {
  readonly #use: Use<"act">;
  readonly #token: string;

  constructor(use: Use<"act">, accessToken: string) {
    this.#use = use;
    this.#token = accessToken;
  }

  profile() {
    return this.#get("profile", profile);
  }

  /**
   * Messages since then, at most so many pages of them, and up to where in the mailbox's history that is; `undefined`
   * where Gmail no longer knows so far back.
   */
  async since(historyId: string, mostPages: number): Promise<News | undefined> {
    const ids = new Set<string>();
    let page: string | undefined;
    let until = historyId;
    for (let n = 0; n < mostPages; n++) {
      const query = new URLSearchParams({ startHistoryId: historyId, historyTypes: "messageAdded" });
      if (page !== undefined) query.set("pageToken", page);
      const found = await this.#get(`history?${query}`, history, true);
      if (found === undefined) return undefined;
      for (const { id, messagesAdded } of found.history) {
        for (const { message: one } of messagesAdded) ids.add(one.id);
        // Records come in the order of their ids.
        until = id;
      }
      page = found.nextPageToken;
      if (page === undefined) return { ids: [...ids], until: found.historyId, more: false };
    }
    return { ids: [...ids], until, more: true };
  }

  async search(q: string, max: number): Promise<string[]> {
    const query = new URLSearchParams({ q, maxResults: String(max) });
    return (await this.#get(`messages?${query}`, list)).messages.map(({ id }) => id);
  }

  /** `undefined`: it was deleted meanwhile. */
  async message(id: string): Promise<Mail | undefined> {
    const found = await this.#get(`messages/${encodeURIComponent(id)}?format=full`, message, true);
    if (found === undefined) return undefined;
    const header = (name: string) =>
      found.payload.headers.find((one) => one.name.toLowerCase() === name)?.value.slice(0, 300) ?? "";
    return { id: found.id, subject: header("subject"), from: header("from"), snippet: found.snippet.slice(0, 2000) };
  }

  async #get<S extends z.ZodType>(path: string, schema: S): Promise<z.output<S>>;
  async #get<S extends z.ZodType>(path: string, schema: S, mayBeGone: true): Promise<z.output<S> | undefined>;
  async #get<S extends z.ZodType>(path: string, schema: S, mayBeGone = false): Promise<z.output<S> | undefined> {
    const response = await this.#use(gmail).fetch(`${kit.knobs.GMAIL_URL}/gmail/v1/users/me/${path}`, {
      headers: { authorization: `Bearer ${this.#token}` },
    });
    if (response.status === 404 && mayBeGone) {
      await response.body?.cancel();
      return undefined;
    }
    if (!response.ok) throw odd("Gmail", `answered ${response.status}`);
    const parsed = schema.safeParse(await response.json().catch(() => null));
    if (!parsed.success) throw odd("Gmail", "its answer is not what it should be");
    return parsed.data;
  }
}
