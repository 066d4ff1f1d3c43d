import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Bindable, Capabilities, Use } from "../../core/binding.js";
import type { Context, Priority } from "../../core/context.js";
import type { Duration, Size } from "../../core/duration.js";
import type { Unlimited } from "../declare.js";
import type { Verified, WebhookVerifier } from "../webhooks/verifier.js";
import type { TrustProxy } from "./client.js";
import type { CorsOptions } from "./cors.js";
import type { IdempotencyUse, LimiterUse } from "./parts.js";
import type { Reply } from "./reply.js";

/** The methods an endpoint can have. HEAD is answered by GET's endpoint, OPTIONS by the router. */
export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** The parameters of a path: `"/api/things/:id"` has `{ id: string }`. */
export type PathParams<Path extends string> = string extends Path
  ? Readonly<Record<string, string>>
  : { readonly [Name in ParamNames<Path>]: string };

type ParamNames<Path extends string> = Path extends `${string}:${infer Rest}`
  ? Rest extends `${infer Name}/${infer Tail}`
    ? Name | ParamNames<`/${Tail}`>
    : Rest
  : never;

/** A query that no schema checks. A name that is there several times has a list. */
export type RawQuery = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Headers that no schema checks, names in lower case. */
export type RawHeaders = Readonly<Record<string, string | undefined>>;

/** What stands for a part that has no schema. */
export type Unchecked<T> = StandardSchemaV1<unknown, T>;

type Out<S extends StandardSchemaV1> = StandardSchemaV1.InferOutput<S>;

/** What is known of every call. */
export interface Call<out Ctx = unknown> {
  readonly method: string;
  /** As the client wrote it, without the query. */
  readonly path: string;
  /** A request header by its name in any case. Far cheaper than `request.headers`. */
  readonly header: (name: string) => string | null;
  /** The web request, made when first read. Its body is there for endpoints that don't declare one. */
  readonly request: Request;
  /** Who is calling, as far as the network tells: an IPv4 address, an IPv6 /56, or `unknown`. */
  readonly client: string;
  /** Aborts when the client goes away or the endpoint's `timeout` passes. Made when first read. */
  readonly signal: AbortSignal;
  /** The platform's own context of the call (Convex). */
  readonly ctx: Ctx;
  /** Trace id, tenant, principal, priority and deadline, to be handed on to every primitive that is called. */
  readonly context: Context;
}

/** A call before it is known who is calling: what `auth` gets. Nothing here has been validated. */
export interface Entry<out Ctx = unknown, out Params = Readonly<Record<string, string>>> extends Call<Ctx> {
  readonly params: Params;
  readonly query: RawQuery;
}

/** A call whose principal is known: what the keys of limits get. It has no body: limits come before reading it. */
export interface Authed<out P, out Ctx = unknown, out Params = Readonly<Record<string, string>>>
  extends Entry<Ctx, Params> {
  readonly principal: P;
}

/** A call that has passed every guard: what `handler` gets. */
export interface Served<
  out Body,
  out P,
  out Ctx = unknown,
  out Params = unknown,
  out Query = unknown,
  out Headers = unknown,
> extends Call<Ctx> {
  readonly principal: P;
  readonly params: Params;
  readonly query: Query;
  readonly headers: Headers;
  readonly body: Body;
  /** The body's bytes as they came, where the endpoint reads a body and no other middleware has taken it. */
  readonly rawBody: Uint8Array | undefined;
  /** What the signature vouches for, where the endpoint has one: the message's id and time. */
  readonly verified: Verified | undefined;
  /** Whether an earlier call with the same idempotency key may have done part of this one (`onLeaseExpired: "resume"`). */
  readonly resumed: boolean;
  /** Binds a definition to this call. */
  readonly use: Use<"act">;
}

/** Says who is calling: the principal. Throw a `KeelsonError("unauthenticated")`, or return null, for nobody. */
export type Auth<P, Ctx = unknown> = (entry: Entry<Ctx>) => P | Promise<P>;

/** One limit of an endpoint. */
export interface Limit<in S> {
  readonly limiter: LimiterUse;
  /**
   * What is counted: `"client"` by network address, before auth; a function by whatever it returns, after auth. An
   * empty key is an error of the function, and nothing is let through.
   */
  readonly by: "client" | ((call: S) => string);
  /** Units that one request takes. Default 1. */
  readonly cost?: number | ((call: S) => number);
}

/** Limits, or the reason why there are none. */
export type Limits<S> = readonly [Limit<S>, ...Limit<S>[]] | Unlimited;

/**
 * What a handler may return: a {@link Reply}, a web `Response`, `undefined` for 204, or a value that is sent as JSON.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler without a return statement is meant to answer 204
export type HandlerResult = Response | Reply | object | null | undefined | void;

/** Options of an endpoint. */
export interface EndpointOptions<
  Path extends string,
  Body extends StandardSchemaV1,
  Params extends StandardSchemaV1,
  Query extends StandardSchemaV1,
  Headers extends StandardSchemaV1,
  P,
  Ctx = undefined,
> {
  /** Its name in events, indicators and the surface matrix. */
  readonly name: string;
  readonly method: Method;
  /** `/api/things/:id`. A parameter is one whole segment. */
  readonly path: Path;
  /** Checks the path's parameters, which come as strings. */
  readonly params?: Params;
  /** Checks the query: an object of strings, and of lists where a name is there several times. */
  readonly query?: Query;
  /** Checks the headers: an object of strings, names in lower case. */
  readonly headers?: Headers;
  /** Checks the body. Left out: the body is not read, unless `signature` or `idempotency` needs it. */
  readonly body?: Body;
  /** The largest body. Default `"64kb"`. */
  readonly maxBytes?: Size;
  /** How many arrays and objects of a JSON body may lie within each other. Default 32. */
  readonly maxDepth?: number;
  /** The longest query string. Default 2048 bytes. */
  readonly maxQueryBytes?: Size;
  /** How long a body may take to arrive. Default `"10s"`. */
  readonly bodyTimeout?: Duration;
  /**
   * Content types of the body that are accepted. Default `["application/json"]` where there is a `body`, else any.
   * What is not JSON reaches the schema as a string (`text/…`), as an object like a query
   * (`application/x-www-form-urlencoded`), or as bytes.
   */
  readonly contentTypes?: readonly string[];
  /** Browser origins that may call: `"https://shop.example"`, or `"*"`. Left out: `Origin` is not looked at. */
  readonly origins?: readonly string[];
  /** Also refuse requests without an `Origin`, that is, whatever is not a browser. Default false. */
  readonly requireOrigin?: boolean;
  readonly cors?: CorsOptions;
  /** Who is calling; or `anonymous("why")`. */
  readonly auth: (entry: Entry<Ctx, PathParams<Path>>) => P | Promise<P>;
  /** The `WWW-Authenticate` of a 401. Default `Bearer`. */
  readonly challenge?: string;
  /** How often it may be called; or `unlimited("why")`. */
  readonly limits: Limits<Authed<NoInfer<P>, Ctx, PathParams<Path>>>;
  /**
   * Counts failed auth and failed signatures by client; a client that has failed too often gets a 429 before its
   * credentials are looked at. Default: where no limit is by client, 30 failures a minute.
   */
  readonly authFailures?: LimiterUse | Unlimited;
  /** Verifies a signature over the body's bytes. */
  readonly signature?: WebhookVerifier;
  /** Makes retries safe by the `Idempotency-Key` header: the second request with a key gets the first one's answer. */
  readonly idempotency?: IdempotencyUse<Authed<NoInfer<P>, Ctx, PathParams<Path>>>;
  /** Names the replay guard that the handler claims each item with, for the surface matrix. */
  readonly replay?: { readonly name: string };
  /** How long the handler may take; then the client gets a 503 and `signal` aborts. Default: no limit. */
  readonly timeout?: Duration;
  /** Whose data this call is about; goes into the context and the scope of idempotency keys. */
  readonly tenant?: (call: Authed<NoInfer<P>, Ctx, PathParams<Path>>) => string;
  /**
   * Goes into the context; and when there is too much to do, the lowest are refused first. That is decided before auth:
   * one that only a function knows counts as `normal` there. Default `normal`.
   */
  readonly priority?: Priority | ((call: Authed<NoInfer<P>, Ctx, PathParams<Path>>) => Priority);
  /** Whether it may be refused when there is too much to do. Default true; false for health checks. */
  readonly sheddable?: boolean;
  /** Which proxies are believed about the client's address. Default false: none. */
  readonly trustProxy?: TrustProxy;
  readonly handler: (
    call: Served<Out<Body>, NoInfer<P>, Ctx, Out<Params>, Out<Query>, Out<Headers>>,
  ) => HandlerResult | PromiseLike<HandlerResult>;
}

/** What can be done with an endpoint that is bound to a place. */
export interface Servable {
  /** Answers a request; what is not for this endpoint gets a 404 or 405. Never rejects. */
  fetch(request: Request, info?: ClientInfo): Promise<Response>;
}

/** What a platform knows of a request beside the request. */
export interface ClientInfo {
  /** The address at the other end of the connection. */
  readonly remoteAddress?: string | undefined;
}

/** What an endpoint can do, by what the place it is bound to can do. */
export interface EndpointCapabilities extends Capabilities {
  readonly none: unknown;
  readonly read: unknown;
  readonly write: unknown;
  readonly act: Servable;
}

/** An endpoint's definition. */
export interface EndpointDefinition extends Bindable<EndpointCapabilities> {
  readonly method: Method;
  readonly path: string;
}
