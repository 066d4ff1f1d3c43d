import { onTestFinished } from "vitest";
import { serve } from "../fixture.js";
import type { LaneSpec } from "./lane.js";
import { Load } from "./load.js";

/** Of runs that nobody aborts. */
export const NEVER = new AbortController().signal;

/** Load on some lanes, closed when the test is over. */
export function load(lanes: readonly LaneSpec[], env: Record<string, string> = {}): Load {
  const made = new Load({ lanes, seed: 1, env });
  onTestFinished(() => made.close());
  return made;
}

/** The address of a server that is there until the test is over. */
export async function server(handler: Parameters<typeof serve>[0]): Promise<string> {
  const { url, close } = await serve(handler);
  onTestFinished(close);
  return url;
}
