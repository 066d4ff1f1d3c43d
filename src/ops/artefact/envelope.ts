import { z } from "zod";
import { CHECK_VERDICTS, VERDICTS } from "../verdict.js";

/** Version of the envelope. A reader takes any minor of its own major, and ignores fields it doesn't know. */
export const SCHEMA_VERSION = "1.0";

/** What artefacts are of; also the beginning of their files' names. */
export const ARTEFACT_KINDS = [
  "synthetic-probes",
  "load-drill",
  "release-gate",
  "canary-check",
  "game-day",
  "slo-dashboard",
  "comparison",
] as const;
export type ArtefactKind = (typeof ARTEFACT_KINDS)[number];

const figure = z.union([z.number(), z.string()]).nullable();

/** One check, as artefacts carry it. */
export const checkSchema = z.object({
  id: z.string().min(1),
  title: z.string(),
  verdict: z.enum(CHECK_VERDICTS),
  reason: z.string().exactOptional(),
  owner: z.string().nullable(),
  runbook: z.string().nullable(),
  metric: z.string().nullable(),
  observed: figure,
  threshold: figure,
  n: z.int().min(0).nullable(),
});

/** What every artefact has around its data. */
export const envelopeSchema = z
  .object({
    schemaVersion: z.string().regex(/^\d+\.\d+$/),
    kind: z.enum(ARTEFACT_KINDS),
    id: z.string().min(1).describe("Random; names this run."),
    tool: z.object({ name: z.string(), version: z.string() }),
    createdAt: z.iso.datetime().describe("When the run began."),
    git: z
      .object({ commit: z.string(), branch: z.string().nullable(), dirty: z.boolean() })
      .nullable()
      .describe("Of the folder the command ran in; null outside a repository."),
    target: z.record(z.string(), z.string()).describe("Addresses by name, without credentials."),
    configSha256: z.string().describe("Of the configuration as it was used, secrets left out."),
    verdict: z.enum(VERDICTS),
    checks: z.array(checkSchema),
    data: z.unknown(),
  })
  .describe("What every reliability artefact has around its data.");

/** An artefact: what a run of a command leaves behind. */
export interface Artefact<K extends ArtefactKind = ArtefactKind, D = unknown> extends z.infer<typeof envelopeSchema> {
  readonly kind: K;
  readonly data: D;
}

/** `load-drill-quick-20260101T120000Z.json`; `variant` is the drill's profile. */
export function artefactName(kind: ArtefactKind, createdAt: string, variant?: string): string {
  return `${[kind, variant, stamp(createdAt)].filter((part) => part !== undefined).join("-")}.json`;
}

/** A time for a file's name: `20260101T120000Z`. */
export function stamp(iso: string): string {
  return iso.replace(/\.\d+/, "").replace(/[-:]/g, "");
}
