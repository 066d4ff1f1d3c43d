import { integer } from "../../core/config.js";
import { seeded } from "../../core/seeded.js";

/** What runs as it did, and what is to be released. */
export type ArmName = "control" | "candidate";

/** A stretch of the canary in which one arm is asked. */
export interface Block {
  /** From 0, over both arms. */
  readonly block: number;
  /** The two blocks of a pair follow each other, one of each arm. */
  readonly pair: number;
  readonly arm: ArmName;
}

/**
 * Which arm is asked when: pairs of blocks, one of each arm, in an order that is drawn anew for each pair. Both arms so
 * see the same hour, and neither is always the first after the other: randomised blocks (R. A. Fisher, The Design of
 * Experiments, 1935, chapter 4).
 *
 * @param pairs from 1 to 100,000
 * @param seed the same one gives the same order
 * @throws {ConfigError} when there are no pairs, or too many
 */
export function canarySchedule(pairs: number, seed: number): Block[] {
  const random = seeded(integer(seed, "canarySchedule(seed)", 0));
  return Array.from({ length: integer(pairs, "canarySchedule(pairs)", 1, 100_000) }, (_, pair) => {
    const order: readonly ArmName[] = random() < 0.5 ? ["control", "candidate"] : ["candidate", "control"];
    return order.map((arm, at) => ({ block: 2 * pair + at, pair, arm }));
  }).flat();
}
