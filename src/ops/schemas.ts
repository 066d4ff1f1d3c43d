import type { z } from "zod";
import { envelopeSchema } from "./artefact/envelope.js";
import { canaryPolicySchema } from "./canary/policy.js";
import { canaryDataSchema } from "./canary/result.js";
import { comparisonSchema } from "./compare/data.js";
import { configSchema } from "./config/config.js";
import { ownershipSchema } from "./config/ownership.js";
import { sloBaselineSchema } from "./config/slo.js";
import { dashboardSchema } from "./dashboard/data.js";
import { drillDataSchema } from "./drill/data.js";
import { experimentSchema } from "./gameday/experiment.js";
import { gameDayDataSchema } from "./gameday/journal.js";
import { gatePolicySchema } from "./gate/policy.js";
import { gateDataSchema } from "./gate/result.js";
import { probeDataSchema } from "./probe/result.js";
import { runbookSchema } from "./runbook/runbook.js";

/** What is shipped as JSON Schema, by file name: for editors, and for whoever reads artefacts. */
export const OPS_SCHEMAS: Readonly<Record<string, { readonly title: string; readonly schema: z.ZodType }>> = {
  "artefact.schema.json": { title: "Keelson reliability artefact", schema: envelopeSchema },
  "synthetic-probes.schema.json": { title: "Data of synthetic probes", schema: probeDataSchema },
  "load-drill.schema.json": { title: "Data of a load drill", schema: drillDataSchema },
  "release-gate.schema.json": { title: "Data of a release gate", schema: gateDataSchema },
  "canary-check.schema.json": { title: "Data of a canary", schema: canaryDataSchema },
  "canary-policy.schema.json": { title: "Keelson canary policy", schema: canaryPolicySchema },
  "comparison.schema.json": { title: "Keelson comparison (data of the artefact)", schema: comparisonSchema },
  "config.schema.json": { title: "Keelson configuration", schema: configSchema },
  "release-gate-policy.schema.json": { title: "Keelson release gate policy", schema: gatePolicySchema },
  "experiment.schema.json": { title: "Keelson game-day experiment", schema: experimentSchema },
  "game-day.schema.json": { title: "Data of a Keelson game-day artefact", schema: gameDayDataSchema },
  "runbook.schema.json": { title: "Front matter of a Keelson runbook", schema: runbookSchema },
  "ownership-matrix.schema.json": { title: "Keelson ownership matrix", schema: ownershipSchema },
  "slo-baseline.schema.json": { title: "Keelson SLO baseline", schema: sloBaselineSchema },
  "slo-dashboard.schema.json": { title: "Keelson SLO dashboard (data of the artefact)", schema: dashboardSchema },
};
