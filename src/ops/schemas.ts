import type { z } from "zod";
import { envelopeSchema } from "./artefact/envelope.js";
import { comparisonSchema } from "./compare/data.js";
import { configSchema } from "./config/config.js";
import { ownershipSchema } from "./config/ownership.js";
import { sloBaselineSchema } from "./config/slo.js";
import { dashboardSchema } from "./dashboard/data.js";

/** What is shipped as JSON Schema, by file name: for editors, and for whoever reads artefacts. */
export const OPS_SCHEMAS: Readonly<Record<string, { readonly title: string; readonly schema: z.ZodType }>> = {
  "artefact.schema.json": { title: "Keelson reliability artefact", schema: envelopeSchema },
  "comparison.schema.json": { title: "Keelson comparison (data of the artefact)", schema: comparisonSchema },
  "config.schema.json": { title: "Keelson configuration", schema: configSchema },
  "ownership-matrix.schema.json": { title: "Keelson ownership matrix", schema: ownershipSchema },
  "slo-baseline.schema.json": { title: "Keelson SLO baseline", schema: sloBaselineSchema },
  "slo-dashboard.schema.json": { title: "Keelson SLO dashboard (data of the artefact)", schema: dashboardSchema },
};
