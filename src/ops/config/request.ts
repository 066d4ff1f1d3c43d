import { z } from "zod";
import { duration } from "./values.js";

/** Headers by name. */
export const headersSchema = z.record(
  z.string().regex(/^[!#$%&'*+.^_`|~\w-]+$/, "expected the name of a header"),
  z.string(),
);

/** What a payload generator gets. */
export interface PayloadCall {
  /** Counts the requests of the scenario, from 0. */
  readonly index: number;
  /** Random from 0 to below 1, seeded: the same in every run with the same seed. */
  random(): number;
}

/** Parts of a request that a generator makes anew for each one. */
export interface Payload {
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text as it is, anything else as JSON. */
  readonly body?: unknown;
}

/** Makes a payload. It is called in a worker thread when there are several, so it must need nothing but its argument. */
export type PayloadGenerator = (call: PayloadCall) => Payload;

/**
 * A request. Texts may hold `{{name}}`: of a value that was extracted before, `{{env.NAME}}` of the environment,
 * `{{uuid}}`, `{{index}}`, `{{random}}`, `{{now}}` (Unix milliseconds).
 */
export const requestSchema = z.strictObject({
  method: z
    .string()
    .regex(/^[A-Z]+$/, "expected a method in capitals, like POST")
    .default("GET"),
  /** On the target: begins with a slash. */
  path: z.string().startsWith("/", "expected a path that begins with /"),
  headers: headersSchema.default({}),
  /** Text as it is, anything else as JSON with its content type. */
  body: z.unknown().optional(),
  /** For the whole exchange. Default 10 s. */
  timeout: duration.default(10_000),
});
export type RequestSpec = z.output<typeof requestSchema>;

/** Where requests go: an address, with what it needs. */
export const targetSchema = z.union([
  z
    .url({ protocol: /^https?$/, error: "expected an http(s) address" })
    .transform((url) => ({ url, headers: {}, insecureTls: false })),
  z.strictObject({
    url: z.url({ protocol: /^https?$/, error: "expected an http(s) address" }),
    /** Sent with every request, under those of its own. */
    headers: headersSchema.default({}),
    /** Takes certificates that nobody vouches for. */
    insecureTls: z.boolean().default(false),
  }),
]);
export type Target = z.output<typeof targetSchema>;
