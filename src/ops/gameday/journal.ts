import { z } from "zod";
import { ROLLBACK_STRATEGIES } from "./experiment.js";

const time = z.iso.datetime();

/** One activity, as it went. */
const runSchema = z.object({
  activity: z.record(z.string(), z.unknown()),
  /** `failed`: it could not be done; what its tolerance says of it is `tolerance_met`. */
  status: z.enum(["succeeded", "failed"]),
  output: z.unknown(),
  start: time,
  end: time,
  /** Seconds. */
  duration: z.number().min(0),
  tolerance_met: z.boolean().exactOptional(),
  /** Why it failed, or isn't within its tolerance. */
  exception: z.array(z.string()).exactOptional(),
});
export type Run = z.output<typeof runSchema>;

/** One look at the steady state; it ends with the first probe that doesn't hold. */
const stateSchema = z.object({ steady_state_met: z.boolean(), probes: z.array(runSchema) });
export type State = z.output<typeof stateSchema>;

/** As Chaos Toolkit writes it: https://chaostoolkit.org/reference/api/journal/. */
const journalSchema = z.object({
  experiment: z.record(z.string(), z.unknown()).describe("As it was read: names of values, not the values."),
  /**
   * `failed`: the steady state did not hold, before or after; `aborted`: an action of the method could not be done;
   * `interrupted`: by Ctrl-C.
   */
  status: z.enum(["completed", "failed", "aborted", "interrupted"]),
  start: time,
  end: time,
  duration: z.number().min(0),
  /** Whether the steady state held before, and no longer while the fault was on. */
  deviated: z.boolean(),
  steady_states: z.object({
    before: stateSchema.nullable(),
    after: stateSchema.nullable(),
    during: z.array(stateSchema),
  }),
  run: z.array(runSchema),
  rollbacks: z.array(runSchema),
});
export type Journal = z.output<typeof journalSchema>;

/** A runbook's command, as it went. */
const commandRunSchema = z.object({
  id: z.string(),
  /** As it stands in the runbook: names of variables, not their values. */
  run: z.array(z.string()),
  when: z.enum(["during", "after"]),
  passed: z.boolean(),
  exit: z.int().nullable(),
  stdout: z.string(),
  stderr: z.string(),
  ms: z.number(),
  reason: z.string().exactOptional(),
});
export type CommandRun = z.output<typeof commandRunSchema>;

/** A lever of the runbook, as it was pulled. */
const leverRunSchema = z.object({
  id: z.string().describe("In the runbook."),
  lever: z.string(),
  target: z.string(),
  args: z.record(z.string(), z.union([z.string(), z.number()])),
  /** As it is in the service's audit. */
  reason: z.string(),
  by: z.string().nullable().describe("Whom the service took whoever asked for; null: it was not pulled."),
  pulledAt: time.nullable(),
  expiresAt: time.nullable().describe("null: it acts once, or was not pulled."),
  effective: z.boolean().nullable().describe("Whether its effect was seen; null: that was not looked at."),
  ended: z
    .enum(["released", "expired", "superseded"])
    .nullable()
    .describe("null: it acts once, was not pulled, or could not be taken back: then it ends at expiresAt."),
  endedAt: time.nullable(),
  /** What went wrong. */
  exception: z.array(z.string()).exactOptional(),
});
export type LeverRun = z.output<typeof leverRunSchema>;

/** What a team wants to know of a game day. */
const outcomeSchema = z.object({
  owner: z.string().nullable(),
  runbook: z.string().nullable(),
  metric: z.string().nullable(),
  expectedAlert: z.string().nullable(),
  /** Whether the steady state held while the fault was on; `null`: that was not looked at. */
  hypothesisHeld: z.boolean().nullable(),
  /** Whether what the alert looks at showed the fault; `null`: nobody asked. */
  detected: z.boolean().nullable(),
  /** From the end of the method. */
  detectedMs: z.number().nullable(),
  rolledBack: z
    .boolean()
    .nullable()
    .describe("Whether faults and levers were taken back; null: there was nothing to take back, or it was not to be."),
  /** Whether the steady state was back, and all that recovery asks for; `null`: not looked at. */
  recovered: z.boolean().nullable(),
  /** From the beginning of the rollbacks. */
  recoveredMs: z.number().nullable(),
  /** Of the runbook, those that were pulled, in order. */
  levers: z.array(leverRunSchema),
});
export type Outcome = z.output<typeof outcomeSchema>;

const experimentRunSchema = z.object({
  name: z.string(),
  file: z.string(),
  title: z.string(),
  /** `null`: it was skipped, and `skipped` says why. */
  journal: journalSchema.nullable(),
  skipped: z.string().nullable(),
  outcome: outcomeSchema,
  /** The steady state and recovery's probes at the last look after the rollbacks. */
  recovery: stateSchema.nullable(),
  detection: stateSchema.nullable(),
  commands: z.array(commandRunSchema),
  /** What of the file was not done. */
  notes: z.array(z.string()),
});
export type ExperimentRun = z.output<typeof experimentRunSchema>;

/** What the artefact of a game day holds. */
export const gameDayDataSchema = z
  .object({
    /** `file`: what each experiment says, and `always` where it says nothing. */
    rollbacks: z.enum(["file", ...ROLLBACK_STRATEGIES]),
    dryRun: z.boolean(),
    experiments: z.array(experimentRunSchema),
  })
  .describe("Data of a game-day artefact.");
export type GameDayData = z.output<typeof gameDayDataSchema>;
