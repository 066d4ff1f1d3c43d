import type { Config } from "../config/config.js";
import type { Workspace } from "../config/load.js";
import { fetchSnapshot } from "../snapshot/fetch.js";
import type { PlannedLane } from "./lanes.js";

/** Asks a service for its memory in bytes; `null`: it doesn't say. Given up when the signal aborts. */
export type AskMemory = (signal: AbortSignal) => Promise<number | null>;

/** Why a service is not asked for its memory. */
export interface Unasked {
  readonly reason: string;
}

/**
 * How a drill gets the memory of the service it loads: from its snapshot. There must be one, and it must be of what the
 * load goes to: the memory of a service that has nothing to do stays as it is.
 */
export function memoryOf(workspace: Workspace, lanes: readonly PlannedLane[]): AskMemory | Unasked {
  const { config } = workspace;
  if (config.snapshot === undefined)
    return { reason: "the configuration doesn't say where the service's snapshot is, which has its memory" };
  if (isOfTarget(config.snapshot) && !lanes.some(({ target }) => target.url === config.target.url))
    return { reason: `the load goes elsewhere than to ${config.target.url}, whose snapshot is known` };
  return async (signal) => {
    const io = { ...workspace.io, signal: AbortSignal.any([workspace.io.signal, signal]) };
    const { process } = await fetchSnapshot({ ...workspace, io });
    return process?.rssBytes ?? null;
  };
}

function isOfTarget(snapshot: NonNullable<Config["snapshot"]>): boolean {
  return "url" in snapshot ? !URL.canParse(snapshot.url) : snapshot.convex.url === undefined;
}
