import { DEFAULT_TARGET, lanesOf } from "../drill/lanes.js";
import { Load } from "../drill/load.js";
import { measure } from "../drill/measure.js";
import type { CanaryCall } from "./measure.js";
import type { CanaryParts } from "./run-canary.js";
import type { ArmName } from "./schedule.js";

/** Asks both arms from this thread, each over connections of its own, which are warm before the first block. */
export const loadArms: CanaryParts["load"] = async (arms, scenarios, { rate, block, maxInFlight, warmUp }) => {
  const sides: Readonly<Record<ArmName, Side>> = {
    control: sideOf(arms.control, scenarios),
    candidate: sideOf(arms.candidate, scenarios),
  };
  const stage = { rate, maxInFlight, warmUp: false };
  const close = async () => void (await Promise.all([sides.control.load.close(), sides.candidate.load.close()]));
  try {
    for (const { load, signal } of [sides.control, sides.candidate])
      await measure(load, { signal, stages: [{ ...stage, duration: warmUp, warmUp: true }] });
  } catch (error) {
    await close();
    throw error;
  }
  return {
    ask: async (arm) => {
      const { load, signal } = sides[arm];
      const { samples } = await measure(load, {
        signal,
        samples: true,
        stages: [{ ...stage, duration: block }],
      });
      return samples.map(({ scenario, outcome, responseMs }): CanaryCall => ({ scenario, outcome, ms: responseMs }));
    },
    close,
  };
};

interface Side {
  readonly load: Load;
  readonly signal: AbortSignal;
}

function sideOf({ config, io }: Parameters<CanaryParts["load"]>[0]["control"], scenarios: readonly string[]): Side {
  // What has a target of its own is no part of the service that is to be released.
  const lanes = lanesOf(config, scenarios, [DEFAULT_TARGET]);
  return { load: new Load({ lanes, seed: config.seed, env: io.env }), signal: io.signal };
}
