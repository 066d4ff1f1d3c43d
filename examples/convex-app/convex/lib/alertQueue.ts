import { internal } from "../_generated/api";
import type { ActionCtx } from "../_generated/server";

/** Something that somebody should look at. */
export interface Alert {
  /** What goes together: one is sent in five minutes. */
  readonly key: string;
  readonly level: "info" | "warning" | "error";
  readonly message: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** Alerts that wait for the end of an action. What is past it is dropped: there is trouble enough by then. */
const MOST = 100;
const pending: Alert[] = [];

export function raise(alert: Alert): void {
  if (pending.length < MOST) pending.push(alert);
}

/**
 * Hands what waits to an action of its own, so that nobody waits for Sentry. Every action does so at its end, for what
 * its isolate remembers may be gone after it. What can't be handed on waits for the next one.
 */
export async function sendAlerts(ctx: Pick<ActionCtx, "scheduler">): Promise<void> {
  if (pending.length === 0) return;
  const taken = pending.splice(0);
  const alerts = taken.map((one) => ({ ...one, tags: { ...one.tags } }));
  try {
    await ctx.scheduler.runAfter(0, internal.alerts.send, { alerts });
  } catch (error) {
    for (const one of taken) raise(one);
    console.error(`alerts could not be handed on: ${String(error)}`);
  }
}
