/** What a user writes, checked by the compiler alone: everything is inferred, and nothing is `any`. */
import type { Express } from "express";
import { z } from "zod";
import { mount } from "../../src/adapters/express/index.js";
import { type Auth, createKit, knob, perCall, type Store } from "../../src/index.js";

export type Eq<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
export declare function is<T extends true>(): T;

declare const app: Express;
declare const session: Auth<{ id: string }>;
declare const sdk: { call(o: { signal: AbortSignal }): Promise<number> };
declare const serper: { search(q: string, signal?: AbortSignal): Promise<{ title: string }[]> };
declare function answerChat(b: { text: string }, p: { id: string }, s: AbortSignal): Promise<{ a: string }>;

export const kit = createKit({
  service: "shop-assistant",
  knobs: {
    RATE_LIMIT_CHAT_MAX: knob.int({ default: 20, min: 1, describe: "chat turns a minute" }),
    MODE: knob.choice(["fast", "thrifty"], { default: "fast" }),
    TTL: knob.duration({ default: "5m" }),
  },
});
is<Eq<typeof kit.knobs.MODE, "fast" | "thrifty">>();
is<Eq<typeof kit.knobs.TTL, number>>();

export const chatTurns = kit.limiter("chat", {
  algorithm: "token-bucket",
  limit: (k) => k.RATE_LIMIT_CHAT_MAX,
  per: "1m",
  onStoreFailure: "local",
});
const openRouter = kit.upstream("openrouter", {
  timeout: "30s",
  attemptTimeout: "10s",
  retry: { attempts: 3, backoff: "250ms", maxBackoff: "5s" },
  breaker: { window: "30s", failureRate: 0.5, minimumCalls: 20, openFor: "15s" },
  bulkhead: { maxConcurrent: 32, maxQueue: 64 },
});
export const res = await openRouter.fetch("https://llm.example", { method: "POST", body: "{}" });
is<Eq<typeof res, Response>>();
export const x = await openRouter.run(({ signal }) => sdk.call({ signal }));
is<Eq<typeof x, number>>();

const webSearch = kit.cache("search_web", { ttl: (k) => k.TTL, grace: "1h" });
export const hits = await webSearch.read({ q: "x" }, ({ signal }) => serper.search("x", signal));
is<Eq<typeof hits, { title: string }[]>>();

export const chat = kit.endpoint({
  name: "chat",
  method: "POST",
  path: "/api/chat",
  body: z.object({ text: z.string() }),
  maxBytes: "64kb",
  origins: ["https://shop.example"],
  auth: session,
  limits: [{ limiter: chatTurns, by: (c) => c.principal.id }],
  slo: { objective: 0.999, owner: "chat", runbook: "chat.md", latency: { within: "800ms", objective: 0.95 } },
  handler: async ({ body, principal, signal }) => Response.json(await answerChat(body, principal, signal)),
});
app.use(mount(chat));
export const answered: Promise<Response> = kit.fetch(new Request("http://x"));

const store = kit.boundary(
  {
    name: "store",
    input: z.object({ id: z.string(), n: z.coerce.number() }),
    output: z.object({ ok: z.boolean() }),
    auth: () => ({ id: "u" }),
    limits: [{ limiter: chatTurns, by: (c) => c.principal.id }],
  },
  (input, { principal }) => {
    is<Eq<typeof input, { id: string; n: number }>>();
    is<Eq<typeof principal, { id: string }>>();
    return { ok: true };
  },
);
export const stored = await store({ id: "a", n: "1" });
is<Eq<typeof stored, { ok: boolean }>>();

/** Definitions without a place, as in Convex: what can be done follows where they are bound. */
interface ActionCtx {
  readonly runQuery: (name: string) => Promise<number>;
}
export const unbound = createKit({
  service: "shop-assistant",
  store: perCall<ActionCtx>(),
  knobs: { LINK_CODE_MAX: knob.int({ default: 5 }) },
});
export const linkCodes = unbound.limiter("link", {
  algorithm: "sliding-log",
  limit: (k) => k.LINK_CODE_MAX,
  per: "10m",
  onStoreFailure: "closed",
});
unbound.endpoint({
  name: "count",
  method: "GET",
  path: "/count",
  auth: session,
  limits: [{ limiter: linkCodes, by: (c) => c.principal.id }],
  handler: async ({ ctx, use }) => {
    is<Eq<typeof ctx, ActionCtx>>();
    return { n: await ctx.runQuery("count"), left: (await use(linkCodes).peek("a")).remaining };
  },
});
unbound.upstream("serper", {
  timeout: "10s",
  slo: { objective: 0.9, owner: "search", runbook: "serper.md", alerts: [] },
});
kit.events.on("alert.firing", ({ severity, burnRate, budgetLeft }) => {
  is<Eq<typeof severity, "page" | "ticket">>();
  is<Eq<typeof burnRate, number | null>>();
  is<Eq<typeof budgetLeft, number | null>>();
});
export const tools = kit.queue("tools", {
  lease: "30s",
  attempts: 3,
  jobs: {
    search_web: kit.job({
      input: z.object({ q: z.string(), at: z.coerce.date().optional() }),
      maxRunning: 4,
      maxQueued: (k) => k.RATE_LIMIT_CHAT_MAX,
      run: ({ q, at }, { signal, ctx }) => {
        is<Eq<typeof at, Date | undefined>>();
        is<Eq<typeof ctx, undefined>>();
        return serper.search(q, signal);
      },
    }),
    count: kit.job({ input: z.object({ n: z.string().transform(Number) }), output: z.string().transform(Number) }),
  },
});
tools.handle({
  count: ({ n }) => {
    is<Eq<typeof n, number>>();
    return `${n}`;
  },
});
export const searched = await tools.enqueueAndWait("search_web", { q: "x" }, { wait: "15s" });
is<Eq<typeof searched, { title: string }[]>>();
export const counted = await tools.enqueueAndWait("count", { n: "1" }, { wait: "15s" });
is<Eq<typeof counted, number>>();
for (const job of await tools.claim()) {
  if (job.tool === "count") await tools.complete(job, `${job.input.n}`);
  else is<Eq<typeof job.input.q, string>>();
}
export const slots = await kit
  .sharedBulkhead("gpu", { maxConcurrent: (k) => k.RATE_LIMIT_CHAT_MAX })
  .run(({ signal, fence }) => sdk.call({ signal }).then((n) => n + fence));

export const unboundTools = unbound.queue("tools", {
  jobs: { search_web: unbound.job({ input: z.object({ q: z.string() }), output: z.array(z.string()) }) },
});
unboundTools.handle({
  search_web: async ({ q }, { ctx, use }) => {
    is<Eq<typeof ctx, ActionCtx>>();
    return [q, String((await use(linkCodes).check(q)).allowed)];
  },
});

declare const query: Store<"read">;
declare const mutation: Store<"write">;
export const left = await unbound.using(query).use(linkCodes).peek("a");
export const taken = await unbound.using(mutation).use(linkCodes).check("a");
