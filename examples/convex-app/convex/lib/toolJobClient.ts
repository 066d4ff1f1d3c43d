import type { Use } from "keelson";
import { internal } from "../_generated/api";
import type { ActionCtx } from "../_generated/server";
import { kit, tools } from "../keel";
import { called } from "./functionErrors";
import type { GlobalHits, Hit, ToolName } from "./tools";

/** What is needed of the action that waits. */
export interface Waiting {
  readonly ctx: Pick<ActionCtx, "runMutation">;
  readonly use: Use<"act">;
  readonly owner: string;
  readonly signal?: AbortSignal;
}

/**
 * Has a tool run by the queue and waits for what it finds: many ask at once, and few searches run at a time.
 *
 * @throws {KeelsonError} `queue_saturated`, `job_dead`, `job_timeout`, … as the queue does
 */
export async function runTool<N extends ToolName>(
  { ctx, use, owner, signal }: Waiting,
  tool: N,
  q: string,
): Promise<N extends "search_global" ? GlobalHits : readonly Hit[]> {
  const id = crypto.randomUUID();
  await called(ctx.runMutation(internal.toolJobs.enqueue, { owner, tool, q, id }));
  // The same id: it is taken in already, and waited for.
  const found = await use(tools).enqueueAndWait(
    tool,
    { q },
    {
      id,
      wait: kit.knobs.TOOL_JOB_WAIT_MS,
      ...(signal !== undefined && { signal }),
    },
  );
  return found as never;
}
