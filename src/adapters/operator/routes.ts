import { anonymous } from "../../boundary/declare.js";
import type { AnyEndpointOptions } from "../../boundary/endpoint/any-options.js";
import { Endpoint } from "../../boundary/endpoint/endpoint.js";
import { reply } from "../../boundary/endpoint/reply.js";
import type { Authed, Call, Served } from "../../boundary/endpoint/types.js";
import { ConfigError } from "../../core/config.js";
import { KeelsonError } from "../../core/errors.js";
import type { KitParts } from "../../kit/parts.js";
import { type Operator, operatorAuth } from "./auth.js";
import type { Feed } from "./feed.js";
import { PAGE_HEADERS, PRIVATE, STREAMED } from "./headers.js";
import { type PullRequest, pullRequest, releaseRequest } from "./lever-requests.js";
import type { LeverEntry, OperatorLevers } from "./levers.js";
import type { OperatorOptions } from "./options.js";
import { PAGE } from "./page.generated.js";

/** What the endpoints are made of beside the kit. */
export interface RouteOptions extends OperatorOptions {
  readonly feed: Feed;
  readonly levers: OperatorLevers;
}

/** So many lines of the audit log the page gets. */
const AUDIT_LINES = 100;

type Asked = Authed<Operator, undefined>;
type Posted<Body, Params = unknown> = Served<Body, Operator, undefined, Params>;

/** The operator page's endpoints; their paths are below where it is mounted. */
export function operatorEndpoints(parts: KitParts, options: RouteOptions): Endpoint[] {
  const { feed, levers, login, challenge, trustProxy } = options;
  // Operators don't count among the calls that the service is judged by.
  const { sli, ...rt } = parts.rt;
  // They get in while the store is down, then above all.
  const limiter = parts.limiter("operator", { algorithm: "gcra", limit: 600, per: "1m", onStoreFailure: "local" });
  const authFailures = parts.limiter("operator:auth-failures", {
    algorithm: "gcra",
    limit: 30,
    per: "1m",
    onStoreFailure: "local",
  });
  const common = {
    limits: [{ limiter, by: "client" }],
    priority: "critical",
    // Whoever is to help the service out of an overload has to get in.
    sheddable: false,
    ...(challenge !== undefined && { challenge }),
    ...(trustProxy !== undefined && { trustProxy }),
  } as const;
  const make = (name: string, own: Omit<AnyEndpointOptions, "name" | "auth" | "limits">, open?: string): Endpoint =>
    new Endpoint(
      {
        ...common,
        ...own,
        name: `operator-${name}`,
        ...(open === undefined
          ? { auth: operatorAuth(options.auth, own.method !== "GET"), authFailures }
          : { auth: anonymous(open) }),
      },
      rt,
    );
  const html = PAGE.html.replace("%LOGIN%", login ?? "none");

  return [
    make(
      "page",
      {
        method: "GET",
        path: "/",
        handler: ({ path }: Call) =>
          // What the page asks for is named relative to it.
          path.endsWith("/")
            ? reply(200, html, PAGE_HEADERS)
            : reply(308, undefined, { ...PRIVATE, location: `${path.slice(path.lastIndexOf("/") + 1)}/` }),
      },
      login === "token" ? "it holds no data, and asks for a token" : undefined,
    ),
    make("snapshot", {
      method: "GET",
      path: "/snapshot",
      handler: async () => reply(200, (await feed.now()) as object, PRIVATE),
    }),
    make("stream", {
      method: "GET",
      path: "/stream",
      handler: ({ signal }: Asked) => reply(200, feed.open(signal), STREAMED),
    }),
    make("levers", {
      method: "GET",
      path: "/levers",
      handler: async ({ principal }: Asked) => {
        const [active, audit] = await Promise.all([levers.active(), levers.audit({ limit: AUDIT_LINES })]);
        return reply(200, { operator: principal.id, catalogue: levers.catalogue(), active, audit }, PRIVATE);
      },
    }),
    make("pull", {
      method: "POST",
      path: "/levers",
      body: pullRequest,
      maxBytes: "8kb",
      maxDepth: 4,
      handler: ({ body, principal }: Posted<PullRequest>) => done(() => levers.pull({ ...body, by: principal.id })),
    }),
    make("release", {
      method: "POST",
      path: "/levers/:id/release",
      body: releaseRequest,
      maxBytes: "8kb",
      maxDepth: 4,
      handler: ({ body, principal, params }: Posted<{ readonly reason: string }, { readonly id: string }>) =>
        done(() => levers.release(params.id, { ...body, by: principal.id })),
    }),
  ];
}

async function done(act: () => Promise<LeverEntry>) {
  try {
    return reply(200, { entry: await act() }, PRIVATE);
  } catch (error) {
    // What was asked for came from the operator: it is theirs to read what is allowed.
    if (error instanceof ConfigError)
      throw new KeelsonError("validation", error.message, { detail: error.message, cause: error });
    throw error;
  }
}
