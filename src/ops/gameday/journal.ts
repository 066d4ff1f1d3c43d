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
  rolledBack: z.boolean().nullable().describe("null: there was nothing to roll back, or it was not to be."),
  /** Whether the steady state was back, and all that recovery asks for; `null`: not looked at. */
  recovered: z.boolean().nullable(),
  /** From the beginning of the rollbacks. */
  recoveredMs: z.number().nullable(),
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
