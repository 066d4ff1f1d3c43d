import { v } from "convex/values";
import { anonymous, LEVERS, type LeverName, type LeverPull, unlimited } from "keelson";
import { convexStore } from "keelson/convex";
import { components } from "./_generated/api";
import type { ActionCtx } from "./_generated/server";
import { guarded, internalGuarded, kit, storeOptions } from "./keel";
import { operator } from "./lib/authGuards";
import { plain } from "./lib/plain";

const signed = { auth: operator, limits: unlimited("operators only") } as const;
const keyed = { auth: anonymous("whoever has the deployment's key"), limits: unlimited("operators only") } as const;

const [first, ...others] = LEVERS;
const pullArgs = {
  lever: v.union(v.literal(first), ...others.map((lever): ReturnType<typeof v.literal<LeverName>> => v.literal(lever))),
  /** `upstream:serper`, `tools/search_web`: what `levers:list` tells. */
  target: v.string(),
  args: v.optional(v.record(v.string(), v.union(v.string(), v.number()))),
  reason: v.string(),
  /** `"30m"`, for what lasts. */
  expiresIn: v.optional(v.string()),
};
const releaseArgs = { id: v.string(), reason: v.string() };
/** Those who have the key say who they are: the key is nobody's name. */
const byArgs = { by: v.string() };

/** What can be pulled, what is in effect, and what was done. */
export const list = guarded.action({ ...signed, name: "levers.list", args: {}, handler: ({ ctx }) => listed(ctx) });

/** Does something to the app in an incident, in the name of the operator who is signed in. */
export const pull = guarded.action({
  ...signed,
  name: "levers.pull",
  args: pullArgs,
  handler: ({ ctx, principal }, args) => pulled(ctx, { ...args, by: principal.id }),
});

/** Takes back what lasts. */
export const release = guarded.action({
  ...signed,
  name: "levers.release",
  args: releaseArgs,
  handler: ({ ctx, principal }, { id, reason }) => released(ctx, id, { by: principal.id, reason }),
});

/** The same for those who have the deployment's key: `npx convex run levers:listForOperators`. */
export const listForOperators = internalGuarded.action({
  ...keyed,
  name: "levers.listForOperators",
  args: {},
  handler: ({ ctx }) => listed(ctx),
});

/** `npx convex run levers:pullForOperators '{"lever": "breaker.isolate", "target": "upstream:serper", …}'` */
export const pullForOperators = internalGuarded.action({
  ...keyed,
  name: "levers.pullForOperators",
  args: { ...pullArgs, ...byArgs },
  handler: ({ ctx }, args) => pulled(ctx, args),
});

/** `npx convex run levers:releaseForOperators '{"id": "…", "by": "ann", "reason": "it is over"}'` */
export const releaseForOperators = internalGuarded.action({
  ...keyed,
  name: "levers.releaseForOperators",
  args: { ...releaseArgs, ...byArgs },
  handler: ({ ctx }, { id, ...who }) => released(ctx, id, who),
});

function levers(ctx: ActionCtx) {
  return kit.using(convexStore(ctx, components.keelson, storeOptions)).levers;
}

async function listed(ctx: ActionCtx) {
  const all = levers(ctx);
  const [active, audit] = await Promise.all([all.active(), all.audit()]);
  return plain({ catalogue: all.catalogue(), active, audit });
}

/** (What Convex's validators can't say, the levers check: durations, targets, arguments.) */
async function pulled(ctx: ActionCtx, request: { readonly [K in keyof LeverPull]: unknown }) {
  return plain(await levers(ctx).pull(request as LeverPull));
}

async function released(ctx: ActionCtx, id: string, who: { readonly by: string; readonly reason: string }) {
  return plain(await levers(ctx).release(id, who));
}
