import type { z } from "zod";
import { envelopeSchema } from "./artefact/envelope.js";
import { configSchema } from "./config/config.js";
import { ownershipSchema } from "./config/ownership.js";
import { sloBaselineSchema } from "./config/slo.js";
import { experimentSchema } from "./gameday/experiment.js";
import { gameDayDataSchema } from "./gameday/journal.js";
import { runbookSchema } from "./runbook/runbook.js";

/** What is shipped as JSON Schema, by file name: for editors, and for whoever reads artefacts. */
export const OPS_SCHEMAS: Readonly<Record<string, { readonly title: string; readonly schema: z.ZodType }>> = {
  "artefact.schema.json": { title: "Keelson reliability artefact", schema: envelopeSchema },
  "config.schema.json": { title: "Keelson configuration", schema: configSchema },
  "experiment.schema.json": { title: "Keelson game-day experiment", schema: experimentSchema },
  "game-day.schema.json": { title: "Data of a Keelson game-day artefact", schema: gameDayDataSchema },
  "runbook.schema.json": { title: "Front matter of a Keelson runbook", schema: runbookSchema },
  "ownership-matrix.schema.json": { title: "Keelson ownership matrix", schema: ownershipSchema },
  "slo-baseline.schema.json": { title: "Keelson SLO baseline", schema: sloBaselineSchema },
};
