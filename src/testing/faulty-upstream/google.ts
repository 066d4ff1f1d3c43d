import { randomUUID } from "node:crypto";
import { type FaultyUpstream, type FaultyUpstreamOptions, faultyUpstream } from "./faulty-upstream.js";

/** A message in a mailbox. */
export interface GmailMessage {
  /** Default: a new one. */
  readonly id?: string;
  readonly subject: string;
  /** Default `"shop@shop.example"`. */
  readonly from?: string;
  readonly text: string;
}

/** Options of {@link googleStandIn}. */
export interface GoogleStandInOptions extends Omit<FaultyUpstreamOptions, "handler" | "errorBody"> {
  /** The OAuth client's id. Default: any. */
  readonly clientId?: string;
  /** The OAuth client's secret. Default: any. */
  readonly clientSecret?: string;
  /** Whose mailbox it is. Default `"ada@mail.example"`. */
  readonly email?: string;
  /** What is in it from the start. */
  readonly messages?: readonly GmailMessage[];
}

/** Google, as far as an app sees it that reads a mailbox. */
export interface GoogleStandIn extends AsyncDisposable {
  /** `GET {url}/o/oauth2/v2/auth`, `POST {url}/token` and `{url}/gmail/v1/users/me/…`; it fails on demand. */
  readonly upstream: FaultyUpstream;
  readonly email: string;
  /** Of the mailbox's last change. */
  readonly historyId: string;
  /** A code as the consent page gives it; good for one exchange. */
  code(): string;
  /** A message comes in. */
  deliver(message: GmailMessage): void;
  /** The user takes their consent back: refresh tokens and access tokens are no longer good. */
  revoke(): void;
  /** Forgets what came before now: whoever asks for changes since then gets a 404. */
  forgetHistory(): void;
  close(): Promise<void>;
}

interface Held extends Required<GmailMessage> {
  readonly at: number;
}

/** https://developers.google.com/identity/protocols/oauth2/web-server */
const SCOPE = "https://www.googleapis.com/auth/gmail.readonly";
const PAGE = 100;

/**
 * A stand-in for Google's consent page (where everybody agrees at once), its OAuth tokens, and for Gmail's `profile`, `history`, `messages`, and `messages/{id}`, in the wire
 * formats of https://developers.google.com/identity/protocols/oauth2/web-server and
 * https://developers.google.com/workspace/gmail/api/reference/rest.
 */
export async function googleStandIn(options: GoogleStandInOptions = {}): Promise<GoogleStandIn> {
  const { clientId, clientSecret, email = "ada@mail.example", messages = [], ...rest } = options;
  const mailbox = new MailboxStandIn(email, messages);
  const grants = new Grants(clientId, clientSecret);
  const upstream = await faultyUpstream({
    ...rest,
    errorBody: (status) => problem(status, "Backend Error", "backendError"),
    handler: async (request) => {
      const { pathname, searchParams } = new URL(request.url);
      if (pathname === "/o/oauth2/v2/auth") return grants.consent(searchParams);
      if (pathname === "/token") return grants.exchange(new URLSearchParams(await request.text()));
      if (!grants.knows(request.headers.get("authorization")))
        return refusal(401, "Request had invalid authentication credentials.", "authError");
      return mailbox.answer(pathname, searchParams);
    },
  });
  const close = () => upstream.close();
  return {
    upstream,
    email,
    get historyId() {
      return mailbox.historyId;
    },
    code: () => grants.code(),
    deliver: (message) => mailbox.deliver(message),
    revoke: () => grants.revoke(),
    forgetHistory: () => mailbox.forgetHistory(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

class Grants {
  readonly #clientId: string | undefined;
  readonly #clientSecret: string | undefined;
  readonly #codes = new Set<string>();
  readonly #refresh = new Set<string>();
  readonly #access = new Set<string>();

  constructor(clientId: string | undefined, clientSecret: string | undefined) {
    this.#clientId = clientId;
    this.#clientSecret = clientSecret;
  }

  code(): string {
    const code = `4/${randomUUID()}`;
    this.#codes.add(code);
    return code;
  }

  /** The user agrees at once. */
  consent(query: URLSearchParams): Response {
    const target = query.get("redirect_uri") ?? "";
    if (!URL.canParse(target) || (this.#clientId !== undefined && query.get("client_id") !== this.#clientId))
      return new Response("Error 400: invalid_request", { status: 400 });
    const back = new URL(target);
    back.searchParams.set("state", query.get("state") ?? "");
    back.searchParams.set("code", this.code());
    back.searchParams.set("scope", SCOPE);
    return new Response(null, { status: 302, headers: { location: back.href } });
  }

  knows(authorization: string | null): boolean {
    return authorization?.startsWith("Bearer ") === true && this.#access.has(authorization.slice("Bearer ".length));
  }

  revoke(): void {
    this.#refresh.clear();
    this.#access.clear();
  }

  exchange(form: URLSearchParams): Response {
    const wrong = (given: string, wanted: string | undefined) => wanted !== undefined && form.get(given) !== wanted;
    if (wrong("client_id", this.#clientId) || wrong("client_secret", this.#clientSecret))
      return Response.json({ error: "invalid_client", error_description: "Unauthorized" }, { status: 401 });
    const type = form.get("grant_type");
    if (type === "authorization_code" && this.#codes.delete(form.get("code") ?? "")) {
      const refresh = `1//${randomUUID()}`;
      this.#refresh.add(refresh);
      return this.#granted({ refresh_token: refresh });
    }
    if (type === "refresh_token" && this.#refresh.has(form.get("refresh_token") ?? "")) return this.#granted({});
    if (type !== "authorization_code" && type !== "refresh_token")
      return Response.json(
        { error: "unsupported_grant_type", error_description: `Invalid grant_type: ${type ?? ""}` },
        { status: 400 },
      );
    return Response.json({ error: "invalid_grant", error_description: "Bad Request" }, { status: 400 });
  }

  #granted(more: object): Response {
    const token = `ya29.${randomUUID()}`;
    this.#access.add(token);
    return Response.json({ access_token: token, expires_in: 3599, scope: SCOPE, token_type: "Bearer", ...more });
  }
}

class MailboxStandIn {
  readonly #email: string;
  readonly #messages: Held[] = [];
  #history = 1000;
  #oldest = 1000;

  constructor(email: string, messages: readonly GmailMessage[]) {
    this.#email = email;
    for (const message of messages) this.deliver(message);
  }

  get historyId(): string {
    return String(this.#history);
  }

  deliver({ id = randomUUID().slice(0, 16), from = "shop@shop.example", ...rest }: GmailMessage): void {
    this.#messages.push({ id, from, ...rest, at: ++this.#history });
  }

  forgetHistory(): void {
    this.#oldest = this.#history;
  }

  answer(pathname: string, query: URLSearchParams): Response {
    const path = pathname.replace(/^\/gmail\/v1\/users\/(me|[^/]+@[^/]+)\//, "");
    const [, id] = /^messages\/([^/]+)$/.exec(path) ?? [];
    if (path === "profile")
      return Response.json({
        emailAddress: this.#email,
        messagesTotal: this.#messages.length,
        threadsTotal: this.#messages.length,
        historyId: this.historyId,
      });
    if (path === "history") return this.#changes(query);
    if (path === "messages") return this.#page(this.#messages, query, (page) => ({ messages: page.map(reference) }));
    const message = this.#messages.find((one) => one.id === id);
    return message === undefined
      ? refusal(404, "Requested entity was not found.", "notFound")
      : Response.json(full(message));
  }

  #changes(query: URLSearchParams): Response {
    const since = Number(query.get("startHistoryId"));
    if (!Number.isSafeInteger(since)) return refusal(400, "Invalid value for startHistoryId", "invalidArgument");
    if (since < this.#oldest) return refusal(404, "Requested entity was not found.", "notFound");
    const news = this.#messages.filter(({ at }) => at > since);
    return this.#page(news, query, (page) => ({
      // A mailbox without news has no `history` at all.
      ...(page.length > 0 && {
        history: page.map((message) => ({
          id: String(message.at),
          messages: [reference(message)],
          messagesAdded: [{ message: { ...reference(message), labelIds: ["INBOX"] } }],
        })),
      }),
      historyId: this.historyId,
    }));
  }

  #page(all: readonly Held[], query: URLSearchParams, told: (page: readonly Held[]) => object): Response {
    const from = Number(query.get("pageToken") ?? 0);
    const size = Math.min(PAGE, Number(query.get("maxResults") ?? PAGE));
    const next = from + size < all.length ? { nextPageToken: String(from + size) } : {};
    return Response.json({ ...told(all.slice(from, from + size)), ...next });
  }
}

function reference({ id }: Held) {
  return { id, threadId: id };
}

function full({ id, subject, from, text, at }: Held) {
  return {
    id,
    threadId: id,
    labelIds: ["INBOX"],
    snippet: text.slice(0, 200),
    historyId: String(at),
    internalDate: String(1_700_000_000_000 + at),
    payload: {
      mimeType: "text/plain",
      headers: [
        { name: "From", value: from },
        { name: "Subject", value: subject },
      ],
      body: { size: text.length, data: Buffer.from(text).toString("base64url") },
    },
  };
}

/** https://cloud.google.com/apis/design/errors#http_mapping */
function problem(code: number, message: string, reason: string): object {
  return { error: { code, message, errors: [{ message, domain: "global", reason }] } };
}

function refusal(code: number, message: string, reason: string): Response {
  return Response.json(problem(code, message, reason), { status: code });
}
