import { z } from "zod";
import { isPattern, jsonPath } from "../expect/expectation.js";

/** Chaos Toolkit gives its times in seconds. */
const seconds = z.number().min(0);
const scalar = z.union([z.string(), z.number(), z.boolean()]);

const httpProvider = z.strictObject({
  type: z.literal("http"),
  url: z.string().min(1),
  method: z
    .string()
    .regex(/^[A-Za-z]+$/, "expected a method, like POST")
    .default("GET"),
  headers: z.record(z.string(), scalar).default({}),
  /** Of a GET the query; otherwise the body: as JSON when Content-Type says so, as a form when not. */
  arguments: z.union([z.record(z.string(), z.unknown()), z.string()]).exactOptional(),
  /** Seconds; for connecting and answering, where there are two. Default 10. */
  timeout: z.union([seconds, z.tuple([seconds, seconds])]).exactOptional(),
  /** Another one is a failure of the activity. */
  expected_status: z.int().min(100).max(599).exactOptional(),
  verify_tls: z.boolean().default(true),
  secrets: z.array(z.string()).exactOptional(),
});
export type HttpProvider = z.output<typeof httpProvider>;

const processProvider = z.strictObject({
  type: z.literal("process"),
  /** A program: on PATH, or a path. */
  path: z.string().min(1),
  /** No shell reads them. A record is its names and values, one after the other. */
  arguments: z
    .union([
      z.array(scalar),
      z.record(z.string(), scalar),
      z.string().regex(/^[\w ./:=@,+%-]*$/, "expected a list: what a shell would have to read is not run"),
    ])
    .default([]),
  /** Seconds. Default 60. */
  timeout: seconds.exactOptional(),
  secrets: z.array(z.string()).exactOptional(),
});
export type ProcessProvider = z.output<typeof processProvider>;

const provider = z.discriminatedUnion("type", [httpProvider, processProvider]);

const target = z.string().describe("What of the value is looked at: status, headers, body, stdout, stderr.");

const tolerance = z.union([
  z.boolean(),
  z.number(),
  z.string(),
  /** One of these; of two, when the value is a number without a status: a range with both ends. */
  z.array(z.union([scalar, z.null()])).min(1),
  z.strictObject({
    type: z.literal("regex"),
    pattern: z.string().refine(isPattern, "expected a regular expression"),
    target: target.exactOptional(),
  }),
  z.strictObject({
    type: z.literal("jsonpath"),
    path: jsonPath,
    /** What must be found, all of it in this order. Left out: something must be. */
    expect: z.unknown().optional(),
    count: z.int().min(0).exactOptional(),
    target: target.exactOptional(),
  }),
  z.strictObject({
    type: z.literal("range"),
    range: z.tuple([z.number(), z.number()]),
    target: target.exactOptional(),
  }),
  /** Asked with the value as its argument `value`: holds when it answers below 400, or exits with 0. */
  z.strictObject({ type: z.literal("probe"), name: z.string().min(1), provider }),
]);
export type Tolerance = z.output<typeof tolerance>;

const activity = z.strictObject({
  type: z.enum(["probe", "action"]),
  name: z.string().min(1),
  provider,
  tolerance: tolerance.exactOptional(),
  pauses: z.strictObject({ before: seconds.default(0), after: seconds.default(0) }).exactOptional(),
  /** Runs while the method goes on, which ends when it has ended. */
  background: z.boolean().default(false),
  controls: z.unknown().optional(),
});
export type Activity = z.output<typeof activity>;

const judged = activity.extend({ type: z.literal("probe"), tolerance });
export type JudgedProbe = z.output<typeof judged>;

const hypothesis = z.strictObject({
  title: z.string().min(1),
  probes: z.array(judged).default([]),
  controls: z.unknown().optional(),
});

const variable = z.strictObject({
  type: z.literal("env"),
  key: z.string().min(1),
  default: z.union([scalar, z.null()]).exactOptional(),
  env_var_type: z.enum(["str", "int", "float", "bool"]).exactOptional(),
});
export type Variable = z.output<typeof variable>;

/** Values by name; those of `{ "type": "env", "key": "NAME" }` are the environment's. */
export const configurationSchema = z.record(z.string(), z.union([variable, scalar, z.null(), z.array(z.unknown())]));
/** Values by group and name. */
export const secretsSchema = z.record(z.string(), z.record(z.string(), z.union([variable, scalar])));

export const HYPOTHESIS_STRATEGIES = [
  "default",
  "before-method-only",
  "after-method-only",
  "during-method-only",
  "continuously",
] as const;
export const ROLLBACK_STRATEGIES = ["always", "never", "deviated"] as const;

/** An experiment in Chaos Toolkit's format: https://chaostoolkit.org/reference/api/experiment/. */
export const experimentSchema = z
  .strictObject({
    $schema: z.string().exactOptional(),
    version: z.string().exactOptional(),
    title: z.string().min(1),
    description: z.string().min(1),
    tags: z.array(z.string()).exactOptional(),
    contributions: z.unknown().optional(),
    configuration: configurationSchema.default({}),
    secrets: secretsSchema.default({}),
    runtime: z
      .strictObject({
        rollbacks: z.strictObject({ strategy: z.enum(["default", ...ROLLBACK_STRATEGIES]) }).exactOptional(),
        hypothesis: z
          .strictObject({
            strategy: z.enum(HYPOTHESIS_STRATEGIES).default("default"),
            /** Seconds between looks while the method runs. Default 1. */
            frequency: z.number().positive().default(1),
            /** The method is broken off as soon as the hypothesis doesn't hold. Default false. */
            fail_fast: z.boolean().default(false),
          })
          .exactOptional(),
      })
      .default({}),
    controls: z.unknown().optional(),
    extensions: z.array(z.looseObject({ name: z.string().min(1) })).default([]),
    "steady-state-hypothesis": hypothesis.exactOptional(),
    method: z.array(activity),
    rollbacks: z.array(activity).default([]),
  })
  .describe("A game-day experiment in Chaos Toolkit's format.");

/** See {@link experimentSchema}; its texts are filled in. */
export type Experiment = z.output<typeof experimentSchema>;

/** Probes that have to hold within a time. */
const soon = z.strictObject({
  /** Seconds. Default 30. */
  within: seconds.default(30),
  probes: z.array(judged).default([]),
});

/** What an experiment says for a team's sake: `extensions: [{ "name": "reliability", … }]`. Chaos Toolkit ignores it. */
export const reliabilitySchema = z.strictObject({
  name: z.literal("reliability"),
  owner: z.string().min(1).exactOptional(),
  /** Name of a runbook in the runbooks' folder. */
  runbook: z.string().min(1).exactOptional(),
  metric: z.string().min(1).exactOptional(),
  /** The alert that should fire. */
  alert: z.string().min(1).exactOptional(),
  /** Ids of the runbook's commands that are run. */
  runbookCommands: z.array(z.string()).default([]),
  /** Those of the runbook's levers that are pulled while the fault is on: by id, with probes that see what each does. */
  runbookLevers: z
    .array(
      z.strictObject({
        id: z.string(),
        /** Seconds. Default 10. */
        within: seconds.default(10),
        probes: z.array(judged).min(1),
      }),
    )
    .default([]),
  /** Whether the alert would have fired: all of these hold at some moment while the fault is on. */
  detection: soon.exactOptional(),
  /** When it counts as recovered: the steady state holds again, and these do. */
  recovery: soon.exactOptional(),
  /** Why an action of the method has no time to live, by its name. */
  withoutTtl: z.record(z.string(), z.string().min(1)).default({}),
  /** Variables of the environment without which the experiment is skipped, not refused. */
  needs: z.array(z.string()).default([]),
});
export type Reliability = z.output<typeof reliabilitySchema>;
