import { isUnknownScript } from "./failure.js";
import type { Link } from "./link.js";
import type { Script } from "./script.js";

/** How scripts are sent. */
export interface Sending {
  readonly link: Link;
  /** The time to decide at; empty: the server's. */
  now(): string;
  /** Replicas that have to have it, and for how long that is waited. */
  readonly replicas: { readonly count: number; readonly timeoutMs: number } | undefined;
}

/**
 * Runs a script on the server, by its digest where that is known.
 *
 * @throws what the server or the client says
 */
export async function evaluate(
  { link, replicas }: Sending,
  { sha, text }: Script,
  keys: readonly string[],
  args: readonly string[],
): Promise<unknown> {
  let reply = sha === undefined ? link.eval(text, keys, args) : link.evalsha(sha, keys, args);
  if (sha !== undefined)
    reply = reply.catch((error: unknown) => {
      if (!isUnknownScript(error)) throw error;
      return link.eval(text, keys, args);
    });
  if (replicas === undefined || link.wait === undefined) return reply;
  const answer = await reply;
  // On the same connection: so it waits for this, and for all that was sent before.
  const have = await link.wait(replicas.count, replicas.timeoutMs);
  if (have >= replicas.count) return answer;
  throw new Error(`${have} of ${replicas.count} replicas acknowledged the write`);
}
