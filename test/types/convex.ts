/** What users of `keelson/convex` write, with the types that follow; and what the compiler has to refuse. */
import type {
  ActionBuilder,
  DataModelFromSchemaDefinition,
  FunctionReference,
  GenericActionCtx,
  GenericMutationCtx,
  GenericQueryCtx,
  MutationBuilder,
  QueryBuilder,
  RegisteredAction,
  RegisteredMutation,
} from "convex/server";
import { defineSchema, defineTable } from "convex/server";
import { type GenericId, v } from "convex/values";
import { z } from "zod";
import { convexStore, guards, type KeelsonComponent } from "../../src/adapters/convex/index.js";
import { createKit, knob, perCall, unlimited } from "../../src/index.js";
import { type Eq, is } from "./tour.js";

const schema = defineSchema({ links: defineTable({ code: v.string(), owner: v.string() }) });
type Data = DataModelFromSchemaDefinition<typeof schema>;
declare const components: { readonly keelson: KeelsonComponent };
declare const query: QueryBuilder<Data, "public">;
declare const mutation: MutationBuilder<Data, "public">;
declare const action: ActionBuilder<Data, "public">;
declare const inQuery: GenericQueryCtx<Data>;
declare const inMutation: GenericMutationCtx<Data>;
declare const inAction: GenericActionCtx<Data>;

const kit = createKit({
  service: "shop",
  store: perCall<GenericActionCtx<Data>>(),
  knobs: { LINK_CODE_MAX: knob.int({ default: 5 }) },
});
const codes = kit.limiter("link", { algorithm: "sliding-log", limit: (k) => k.LINK_CODE_MAX, per: "10m" });
const serper = kit.upstream("serper", { timeout: "10s", breaker: { failureRate: 0.5 } });
const pages = kit.cache("pages", { ttl: "5m", tier2: true, value: z.array(z.string()) });
const tools = kit.queue("tools", {
  jobs: { search: kit.job({ input: z.object({ q: z.string() }), output: z.array(z.string()), maxRunning: 4 }) },
});
tools.handle({
  search: async ({ q }, { ctx, use, signal }) => {
    is<Eq<typeof ctx, GenericActionCtx<Data>>>();
    return [q, (await use(serper).fetch("https://x", { signal })).statusText];
  },
});
const user = async ({ ctx }: { readonly ctx: Pick<GenericQueryCtx<Data>, "auth"> }) => ({
  id: (await ctx.auth.getUserIdentity())?.subject ?? "",
});

const guarded = guards(kit, { component: components.keelson, query, mutation, action });
const link = guarded.mutation({
  name: "link",
  args: { code: v.string() },
  auth: user,
  limits: [{ limiter: codes, by: (c) => c.principal.id }],
  handler: async ({ ctx, principal, use }, { code }) => {
    await use(tools).enqueue("search", { q: code });
    // @ts-expect-error a mutation can't wait
    use(tools).enqueueAndWait;
    // @ts-expect-error nor call anybody
    use(serper).fetch;
    return ctx.db.insert("links", { code, owner: principal.id });
  },
});
is<Eq<typeof link, RegisteredMutation<"public", { code: string }, Promise<GenericId<"links">>>>>();
const ask = guarded.action({
  name: "ask",
  args: { q: v.string() },
  refine: z.object({ q: z.string().transform((q) => q.length) }),
  auth: user,
  limits: unlimited("the queue caps it"),
  handler: async ({ use }, { q }) => {
    is<Eq<typeof q, number>>();
    return use(tools).enqueueAndWait("search", { q: String(q) }, { wait: "15s" });
  },
});
is<Eq<typeof ask, RegisteredAction<"public", { q: string }, Promise<string[]>>>>();
guarded.query({
  name: "look",
  args: {},
  auth: user,
  limits: unlimited("reads one row"),
  handler: async ({ use }) => {
    await use(codes).peek("a");
    await use(pages).get("a");
    await use(serper).state();
    // @ts-expect-error a query can't take
    use(codes).check;
    // @ts-expect-error nor set
    use(pages).set;
    return null;
  },
});
// @ts-expect-error a query can't count, so it has no limits but a reason
guarded.query({ name: "q", args: {}, auth: user, limits: [{ limiter: codes, by: () => "a" }], handler: () => null });
// @ts-expect-error no auth
guarded.mutation({ name: "m", args: {}, limits: unlimited("x"), handler: () => null });

is<Eq<(typeof reading)["capability"], "read">>();
const reading = convexStore(inQuery, components.keelson);
is<Eq<(typeof writing)["capability"], "write">>();
const writing = convexStore(inMutation, components.keelson);
is<Eq<(typeof acting)["capability"], "act">>();
const acting = convexStore(inAction, components.keelson);
export const ran = kit.using(acting).use(tools).processQueue({ maxPerRun: 10 });
// @ts-expect-error only an action runs jobs
kit.using(writing).use(tools).processQueue;
// @ts-expect-error a definition without a place can't be used
codes.check("a");
// @ts-expect-error not a component
convexStore(inQuery, {} as { jobs: FunctionReference<"query"> });
export const looked = kit.using(reading).use(codes).peek("a");
