import type { Snapshot } from "../../../observe/snapshot.js";
import { bytes, millis, percent, span } from "./format.js";

/** How long it has been up, and what it uses where that is measured. */
export function running({ uptimeMs, process }: Pick<Snapshot, "uptimeMs" | "process">): string {
  const facts = [`up ${span(uptimeMs)}`];
  if (process !== null) {
    const { cpuShare, loopDelay, rssBytes } = process;
    facts.push(bytes(rssBytes));
    if (cpuShare !== null) facts.push(`CPU ${percent(cpuShare)}`);
    if (loopDelay !== null) facts.push(`loop ${millis(loopDelay.p99Ms)} late at p99`);
  }
  return facts.join(" · ");
}
