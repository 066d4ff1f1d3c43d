import { milliseconds } from "../../core/duration.js";
import { KeelsonError } from "../../core/errors.js";
import type { LeverEntry, LeverKind, OperatorLevers } from "./levers.js";

/** Levers that move nothing, and keep the books. */
export function fakeLevers(catalogue: readonly LeverKind[]) {
  const active = new Map<string, LeverEntry>();
  const audit: (LeverEntry & { readonly action: string })[] = [];
  let ids = 0;
  const levers: OperatorLevers = {
    catalogue: () => catalogue,
    pull: async (pull) => {
      const kind = catalogue.find(({ lever }) => lever === pull.lever);
      if (kind === undefined) throw new KeelsonError("validation", "No such lever", { detail: "No such lever" });
      const { lever, target, args = {}, by, reason, expiresIn } = pull;
      const at = Date.now();
      const expiresAt = expiresIn === undefined ? null : at + milliseconds(expiresIn, "expiresIn");
      const entry: LeverEntry = { id: `lever-${++ids}`, lever, target, args, by, reason, at, expiresAt };
      if (kind.lasting) active.set(entry.id, entry);
      audit.unshift({ action: "pulled", ...entry });
      return entry;
    },
    release: async (id, why) => {
      const entry = active.get(id);
      if (entry === undefined) throw new KeelsonError("not_found", "No such entry");
      active.delete(id);
      const released = { ...entry, released: { ...why, at: Date.now() } };
      audit.unshift({ action: "released", ...entry, ...why, at: Date.now() });
      return released;
    },
    active: async () => [...active.values()],
    audit: async ({ limit = 100 }) => audit.slice(0, limit),
  };
  return { levers, audit };
}
