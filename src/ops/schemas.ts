import type { z } from "zod";
import { envelopeSchema } from "./artefact/envelope.js";
import { configSchema } from "./config/config.js";
import { ownershipSchema } from "./config/ownership.js";
import { sloBaselineSchema } from "./config/slo.js";
import { drillDataSchema } from "./drill/data.js";
import { gatePolicySchema } from "./gate/policy.js";
import { gateDataSchema } from "./gate/result.js";
import { probeDataSchema } from "./probe/result.js";

/** What is shipped as JSON Schema, by file name: for editors, and for whoever reads artefacts. */
export const OPS_SCHEMAS: Readonly<Record<string, { readonly title: string; readonly schema: z.ZodType }>> = {
  "artefact.schema.json": { title: "Keelson reliability artefact", schema: envelopeSchema },
  "synthetic-probes.schema.json": { title: "Data of synthetic probes", schema: probeDataSchema },
  "load-drill.schema.json": { title: "Data of a load drill", schema: drillDataSchema },
  "release-gate.schema.json": { title: "Data of a release gate", schema: gateDataSchema },
  "config.schema.json": { title: "Keelson configuration", schema: configSchema },
  "release-gate-policy.schema.json": { title: "Keelson release gate policy", schema: gatePolicySchema },
  "ownership-matrix.schema.json": { title: "Keelson ownership matrix", schema: ownershipSchema },
  "slo-baseline.schema.json": { title: "Keelson SLO baseline", schema: sloBaselineSchema },
};
