import type { Auth } from "convex/server";
import { KeelsonError } from "keelson";
import { kit } from "../keel";

/** Who is calling. */
export interface User {
  readonly id: string;
}

/** The ctx of a function that knows who calls it. */
type Called = { readonly ctx: { readonly auth: Auth } };

/** A signed-in user: the subject of the token that Convex has verified. */
export async function user({ ctx }: Called): Promise<User> {
  const identity = await ctx.auth.getUserIdentity();
  if (identity === null) throw new KeelsonError("unauthenticated");
  return { id: identity.subject };
}

/** A user who may see how the deployment is doing. */
export async function operator(called: Called): Promise<User> {
  const who = await user(called);
  if (!kit.knobs.OPERATOR_SUBJECTS.includes(who.id)) throw new KeelsonError("forbidden");
  return who;
}

/**
 * A row that has to be the caller's. What is another's looks like what isn't there: who may not read it need not know
 * that it exists.
 *
 * @throws {KeelsonError} `not_found`
 */
export function owned<T extends { readonly owner: string }>(row: T | null, principal: User, what: string): T {
  if (row === null || row.owner !== principal.id)
    throw new KeelsonError("not_found", undefined, { detail: `There is no such ${what}` });
  return row;
}
