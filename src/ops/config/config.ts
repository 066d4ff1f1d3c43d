import { z } from "zod";
import type { Surface } from "../../boundary/surface/surface.js";
import { derivedProbesSchema, probeSchema } from "./probe.js";
import { headersSchema, targetSchema } from "./request.js";
import { profileSchema, scenarioSchema } from "./scenario.js";
import { duration, httpUrl, id } from "./values.js";

/** Where the service's snapshot is had. */
const snapshotSource = z.union([
  z.strictObject({
    /** A path on the target, or an address. */
    url: z.string().min(1),
    headers: headersSchema.default({}),
    timeout: duration.default(10_000),
  }),
  z.strictObject({
    /** A Convex query, asked over Convex's HTTP API: https://docs.convex.dev/http-api/. */
    convex: z.strictObject({
      url: httpUrl.exactOptional().describe("Of the deployment. Default: the target."),
      query: z
        .string()
        .regex(/^[\w/]+:\w+$/, 'expected "module:function"')
        .default("ops:getReliabilitySnapshot"),
      token: z.string().exactOptional().describe("Sent as bearer token: of an operator."),
      adminKey: z.string().exactOptional().describe("The deployment's deploy key: Authorization: Convex KEY."),
    }),
    timeout: duration.default(10_000),
  }),
]);

const FOLDER = "scripts/reliability";

/** `keelson.config.ts`: everything that the commands need. Relative paths start at its folder. */
export const configSchema = z.strictObject({
  $schema: z.string().exactOptional(),
  /** Name of the service. */
  service: z.string().min(1),
  /** Where requests go, when nothing else is said. */
  target: targetSchema,
  /** More places, by name, for probes and scenarios that name one. */
  targets: z.record(id, targetSchema).default({}),
  snapshot: snapshotSource.exactOptional(),
  /** Where the operator page of the service is, and what proves who asks: a path on the target, or an address. */
  operator: z
    .strictObject({
      url: z.string().min(1).default("/operator"),
      headers: headersSchema.default({}),
      timeout: duration.default(10_000),
    })
    .prefault({}),
  /** The surface that probes are derived from and the matrix is of. Default: that of the live snapshot. */
  surface: z.union([z.string().describe("A JSON file."), z.custom<readonly Surface[]>(Array.isArray)]).exactOptional(),
  probes: z.array(probeSchema).default([]),
  /** Probes from the surface: auth guard, preflight, method, content type, size, malformed JSON. Left out: none. */
  derivedProbes: derivedProbesSchema.exactOptional(),
  scenarios: z.record(id, scenarioSchema).default({}),
  /** Load by name, in the place of the built-in quick, standard, burst and soak, or beside them. */
  profiles: z.record(id, profileSchema).default({}),
  policies: z
    .strictObject({
      slo: z.string().default(`${FOLDER}/slo-baseline.json`),
      gate: z.string().default(`${FOLDER}/release-gate-policy.json`),
      canary: z.string().default(`${FOLDER}/canary-policy.json`),
      ownership: z.string().default(`${FOLDER}/ownership-matrix.json`),
    })
    .prefault({}),
  /** Folder of game-day experiments, in Chaos Toolkit's format. */
  experiments: z.string().default(`${FOLDER}/experiments`),
  /** Folder of the runbooks. */
  runbooks: z.string().default("docs/runbooks"),
  /** Where artefacts are written. */
  output: z.string().default(".output/reliability"),
  /** Values that must not appear in any output, beside those that look like secrets by their names. */
  secrets: z.array(z.string()).default([]),
  /** Seeds everything that is random. Default 1. */
  seed: z.int().min(0).default(1),
});

/** What a configuration file may say. */
export type ConfigInput = z.input<typeof configSchema>;
/** A configuration, checked and with its defaults. */
export type Config = z.output<typeof configSchema>;

/** Gives a configuration its type: `export default defineConfig({ … })`. */
export function defineConfig(config: ConfigInput): ConfigInput {
  return config;
}
