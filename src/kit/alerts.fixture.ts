/** Services of several processes, for tests of objectives. */
import { anonymous, unlimited } from "../boundary/declare.js";
import type { Clock } from "../core/clock.js";
import { KeelsonError } from "../core/errors.js";
import type { EventMap } from "../core/events.js";
import { seeded } from "../core/seeded.js";
import type { Store } from "../core/store.js";
import type { Slo } from "../observe/slo/slo.js";
import { createKit } from "./kit.js";

/** 70 calls are enough for its first page. */
export const slo: Slo = { objective: 0.99, owner: "chat-team", runbook: "docs/runbooks/chat.md" };

/** One process of the service. */
export function chatProcess(
  clock: Clock,
  seed: number,
  { store, sloScope }: { readonly store?: Store<"act", undefined>; readonly sloScope?: "process" } = {},
) {
  const kit = createKit({
    service: "shop",
    clock,
    random: seeded(seed),
    // What is asked of the store is counted, and it is not about levers.
    levers: { every: "30d" },
    ...(store !== undefined && { store }),
    ...(sloScope !== undefined && { sloScope }),
  });
  let well = true;
  kit.endpoint({
    name: "chat",
    method: "GET",
    path: "/chat",
    auth: anonymous("a test"),
    limits: unlimited("a test"),
    slo,
    handler: () => {
      if (!well) throw new KeelsonError("unavailable");
      return { well };
    },
  });
  const told: { readonly type: string; readonly event: EventMap["alert.firing"] }[] = [];
  for (const type of ["alert.firing", "alert.resolved"] as const)
    kit.events.on(type, (event) => void told.push({ type, event }));
  return {
    kit,
    told,
    serve: async (calls: number, fine: boolean) => {
      well = fine;
      for (let i = 0; i < calls; i++) await kit.fetch(new Request("http://shop.example/chat"));
    },
    objective: async () => (await kit.snapshot()).objectives["endpoint:chat"],
  };
}
