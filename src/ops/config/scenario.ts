import { z } from "zod";
import { expectationSchema } from "../expect/expectation.js";
import { type PayloadGenerator, requestSchema } from "./request.js";
import { duration, share } from "./values.js";

/** One kind of request of a drill. */
export const scenarioSchema = z.strictObject({
  title: z.string().exactOptional(),
  request: requestSchema,
  /** Makes parts of each request anew. In a JSON file: templates in the request do. */
  payload: z.custom<PayloadGenerator>((value) => typeof value === "function", "expected a function").exactOptional(),
  /** What a good answer is. Default: a status below 400. */
  expect: expectationSchema.default({}),
  /** Statuses that are right in themselves, but serve nobody: 429 of a limit, say. They count neither as good nor as bad. */
  allow4xx: z.array(z.int().min(400).max(499)).default([]),
  /** The largest share of those among all answers. Default 5 %: else shedding would better the score. */
  maxExpected4xx: share.default(0.05),
  /** Share of the arrivals that are of this scenario, against the weights of the others. Default 1. */
  weight: z.number().positive().default(1),
  /** Whether a regression in it rolls a canary back. Default true. */
  critical: z.boolean().default(true),
  /** Name of one of the targets. Default: the target. */
  target: z.string().exactOptional(),
});
export type Scenario = z.output<typeof scenarioSchema>;

const seconds = duration.refine((ms) => ms >= 100, "expected at least 100ms");

/** Requests arrive at a rate, whether or not those before them have been answered. */
const openStage = z.strictObject({
  name: z.string().exactOptional(),
  duration: seconds,
  /** Arrivals a second: constant, or from the first to the second, evenly. */
  rate: z.union([z.number().positive(), z.tuple([z.number().min(0), z.number().min(0)])]),
  /** Requests under way at most; later arrivals wait, and their waiting counts. Default 1000. */
  maxInFlight: z.int().min(1).default(1_000),
  /** Whether it is left out of all figures. Default: it is recorded. */
  warmUp: z.boolean().default(false),
  /** Whether its figures are judged by the SLOs. Default: those that are recorded are. */
  steady: z.boolean().exactOptional(),
});

/** So many clients, each of which waits for its answer before it asks again. Its latencies are service times. */
const closedStage = z.strictObject({
  name: z.string().exactOptional(),
  duration: seconds,
  concurrency: z.int().min(1),
  warmUp: z.boolean().default(false),
  steady: z.boolean().exactOptional(),
});

export const stageSchema = z.union([openStage, closedStage]);
export type Stage = z.output<typeof stageSchema>;

export const profileSchema = z.strictObject({
  stages: z.array(stageSchema).min(1),
  /** After each burst, p95 has to be back to `ratio` times what it was before within `within`. */
  recovery: z.strictObject({ within: duration, ratio: z.number().min(1) }).exactOptional(),
  /** Slopes of p95 and memory over the minutes are judged. Default false. */
  trend: z.boolean().default(false),
});
export type Profile = z.output<typeof profileSchema>;
