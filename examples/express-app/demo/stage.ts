import { acted } from "./acted.js";
import type { Report } from "./report.js";
import type { Timeline } from "./timeline.js";
import type { World } from "./world.js";

/** What came of something, and whether that is as it is claimed to be. */
export interface Outcome {
  /** What the client saw. */
  readonly saw: string;
  readonly holds: boolean;
}

/** A situation that the service is brought into. */
export interface Situation {
  readonly title: string;
  /** What is claimed, in a sentence. */
  readonly claim: string;
  play(stage: Stage): Promise<void>;
}

/** Where situations are played: what comes of each step is shown at once. */
export class Stage {
  constructor(
    readonly world: World,
    readonly report: Report,
    readonly timeline?: Timeline,
    readonly title = "",
  ) {}

  /**
   * Does something, shows what the client saw and which protections acted, and notes whether both are as claimed.
   *
   * @param protects what must have acted; left out: the service is not asked, `null`: nothing may have
   */
  async step(sent: string, run: () => Promise<Outcome>, protects?: RegExp | null): Promise<void> {
    this.report.running(sent);
    let outcome: Outcome;
    let protections = "";
    try {
      outcome = await run();
      if (protects !== undefined) {
        const events = await this.world.happened();
        protections = acted(events);
        this.timeline?.add(this.title, events);
      }
    } catch (error) {
      outcome = { saw: `could not be played: ${(error as Error).message}`, holds: false };
    }
    const asClaimed = protects === undefined || (protects === null ? protections === "" : protects.test(protections));
    this.report.line({ sent, saw: outcome.saw, acted: protections, holds: outcome.holds && asClaimed });
  }
}
