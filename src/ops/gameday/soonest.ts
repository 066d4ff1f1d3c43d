import type { State } from "./journal.js";
import type { World } from "./world.js";

const BETWEEN_MS = 250;

/** Looks until what is looked for holds, or the time is up; at least once. */
export async function soonest(
  look: () => Promise<State>,
  world: Pick<World, "monotonic" | "sleep">,
  { began, withinMs, signal }: { readonly began: number; readonly withinMs: number; readonly signal?: AbortSignal },
): Promise<{ readonly state: State; readonly ms: number }> {
  for (;;) {
    const state = await look();
    const ms = world.monotonic() - began;
    if (state.steady_state_met || ms + BETWEEN_MS > withinMs || signal?.aborted === true) return { state, ms };
    await world.sleep(BETWEEN_MS, signal);
  }
}
