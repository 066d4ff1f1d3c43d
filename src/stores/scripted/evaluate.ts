import { isUnknownScript } from "./failure.js";
import type { Link, Replicas } from "./link.js";
import type { Script } from "./script.js";
import type { Silence } from "./silence.js";

/** How scripts are sent. */
export interface Sending {
  readonly link: Link;
  /** Whether anything is heard of the server. */
  readonly silence: Silence;
  /** The time to decide at; empty: the server's. */
  now(): string;
  /** Replicas that have to have it. */
  readonly replicas: Replicas | undefined;
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
  const run = async (by: "evalsha" | "eval", script: string) => {
    if (replicas === undefined || link.runAndWait === undefined) return link[by](script, keys, args);
    const [reply, have] = await link.runAndWait(by, script, keys, args, replicas);
    if (have >= replicas.count) return reply;
    throw new Error(`${have} of ${replicas.count} replicas acknowledged the write`);
  };
  if (sha === undefined) return run("eval", text);
  try {
    return await run("evalsha", sha);
  } catch (error) {
    if (!isUnknownScript(error)) throw error;
    return run("eval", text);
  }
}
