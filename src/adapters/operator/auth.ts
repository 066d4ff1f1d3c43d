import { classify } from "../../boundary/classify.js";
import type { Auth, Entry } from "../../boundary/endpoint/types.js";
import { KeelsonError } from "../../core/errors.js";

/** Who is operating: a name, or something that has one. It is what the audit log says. */
export type OperatorPrincipal = string | { readonly name: string } | { readonly id: string | number };

/** Auth of a user's, for the operator page. */
export type OperatorAuth = Auth<OperatorPrincipal | null | undefined | false>;

/** An operator, as the endpoints see one. */
export interface Operator {
  readonly id: string;
}

const LONGEST_NAME = 200;

/**
 * Wraps the user's auth so that it can only fail closed: whoever has no name does not get in, and something thrown that
 * nobody knows means that nobody is let in. What is known to be trouble of ours (a database that is down, say) stays what
 * it is, for the credentials may be right.
 */
export function operatorAuth(auth: OperatorAuth, changes: boolean) {
  return async function operator(entry: Entry<undefined>): Promise<Operator | null> {
    if (changes) refuseOtherOrigins(entry);
    const principal = await asked(auth, entry);
    if (principal === null || principal === undefined || principal === false) return null;
    const id = nameOf(principal);
    if (id === undefined)
      throw new KeelsonError("forbidden", "auth returned a principal without a name or id", {
        detail: "Operators need a name",
      });
    return { id };
  };
}

async function asked(auth: OperatorAuth, entry: Entry<undefined>) {
  try {
    return await auth(entry);
  } catch (thrown) {
    const error = classify(thrown);
    throw error.code === "internal"
      ? new KeelsonError("unauthenticated", "auth threw something unknown", { cause: thrown })
      : thrown;
  }
}

function nameOf(principal: unknown): string | undefined {
  const { name, id } = (typeof principal === "object" && principal !== null ? principal : { name: principal }) as {
    readonly name?: unknown;
    readonly id?: unknown;
  };
  for (const one of [name, id]) {
    if (typeof one === "string" && one.trim() !== "") return one.trim().slice(0, LONGEST_NAME);
    if (typeof one === "number" && one === id) return String(one);
  }
  return undefined;
}

/**
 * A browser says where a request comes from, and a page of another origin can't make it lie. Programs that are no
 * browsers say nothing, and carry no cookies that somebody else could make use of.
 */
function refuseOtherOrigins(entry: Entry<undefined>): void {
  const site = entry.header("sec-fetch-site");
  if (site !== null) {
    if (site !== "same-origin") throw otherOrigin();
    return;
  }
  const origin = entry.header("origin");
  // The scheme may differ where a proxy ends TLS.
  if (origin !== null && (!URL.canParse(origin) || new URL(origin).host !== hostOf(entry))) throw otherOrigin();
}

function hostOf(entry: Entry<undefined>): string {
  return entry.header("host") ?? new URL(entry.request.url).host;
}

function otherOrigin(): KeelsonError {
  return new KeelsonError("forbidden", "A page of another origin asked", { detail: "Only the operator page may ask" });
}
