import { type Profile, profileSchema } from "../config/scenario.js";
import { UsageError } from "../failure.js";

/** The load that needs no configuration: a look, a proof, peaks, and an hour. */
const BUILT_IN: Readonly<Record<string, Profile>> = {
  quick: profileSchema.parse({
    stages: [
      { name: "ramp", duration: "5s", rate: [5, 20], warmUp: true },
      { name: "steady", duration: "30s", rate: 20 },
    ],
  }),
  standard: profileSchema.parse({
    stages: [
      { name: "ramp", duration: "30s", rate: [0, 50], warmUp: true },
      { name: "steady", duration: "4m", rate: 50 },
      { name: "down", duration: "15s", rate: [50, 0], steady: false },
    ],
  }),
  burst: profileSchema.parse({
    stages: [
      { name: "before", duration: "60s", rate: 20 },
      ...[1, 2, 3].flatMap((burst) => [
        { name: `rise ${burst}`, duration: "2s", rate: [20, 200] },
        { name: `burst ${burst}`, duration: "20s", rate: 200 },
        { name: `after ${burst}`, duration: "60s", rate: 20 },
      ]),
    ],
    recovery: { within: "15s", ratio: 1.2 },
  }),
  soak: profileSchema.parse({
    stages: [
      { name: "ramp", duration: "2m", rate: [0, 30], warmUp: true },
      { name: "steady", duration: "60m", rate: 30 },
    ],
    trend: true,
  }),
};

/**
 * A profile by its name: the configuration's own, or one of quick, standard, burst and soak.
 *
 * @throws {UsageError} when there is none of that name
 */
export function profileOf(name: string, own: Readonly<Record<string, Profile>>): Profile {
  const all = { ...BUILT_IN, ...own };
  const found = Object.hasOwn(all, name) ? all[name] : undefined;
  if (found !== undefined) return found;
  throw new UsageError(`no profile ${JSON.stringify(name)}; there are ${Object.keys(all).join(", ")}`);
}

/** How a profile is made shorter or gentler. */
export interface Scale {
  /** Stages and what is measured against them are so many times as long. Default 1. */
  readonly time?: number;
  /** Rates are so many times as high; numbers of clients too, at least 1. Default 1. */
  readonly rate?: number;
}

const SHORTEST_STAGE_MS = 100;

/** A profile with the same shape on another scale. */
export function scaled(profile: Profile, { time = 1, rate = 1 }: Scale): Profile {
  const { recovery } = profile;
  return {
    ...profile,
    stages: profile.stages.map((stage) => {
      const duration = Math.max(SHORTEST_STAGE_MS, stage.duration * time);
      if ("concurrency" in stage)
        return { ...stage, duration, concurrency: Math.max(1, Math.round(stage.concurrency * rate)) };
      return {
        ...stage,
        duration,
        rate: typeof stage.rate === "number" ? stage.rate * rate : [stage.rate[0] * rate, stage.rate[1] * rate],
      };
    }),
    ...(recovery !== undefined && { recovery: { ...recovery, within: recovery.within * time } }),
  };
}
