import type { ExperimentHistory, OpenCheck, OwnerRow, SloRow } from "../data.js";

/** Whoever owns anything that is shown, and how they are reached. */
export function ownerRows(
  slos: readonly SloRow[],
  open: readonly OpenCheck[],
  experiments: readonly ExperimentHistory[],
  contact: (owner: string) => string | undefined,
): OwnerRow[] {
  const names = new Set([...slos, ...open, ...experiments].flatMap(({ owner }) => owner ?? []));
  return [...names]
    .sort((a, b) => a.localeCompare(b))
    .map((owner) => ({
      owner,
      contact: contact(owner) ?? null,
      slos: slos.filter((slo) => slo.owner === owner).map(({ id }) => id),
      experiments: experiments.filter((each) => each.owner === owner).length,
      open: open.filter((check) => check.owner === owner).length,
    }));
}
