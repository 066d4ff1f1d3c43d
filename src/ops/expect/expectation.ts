import { z } from "zod";
import { duration } from "../config/values.js";
import { isJsonPath } from "./json-path.js";

/** What a text has to be like. */
export const textMatchSchema = z.union([
  z.string(),
  z
    .strictObject({
      equals: z.string().exactOptional(),
      contains: z.string().exactOptional(),
      matches: z.string().refine(isPattern, "expected a regular expression").exactOptional(),
      exists: z.boolean().exactOptional(),
    })
    .refine((match) => Object.keys(match).length > 0, "expected at least one of equals, contains, matches, exists"),
]);

/** What a value in JSON has to be like. */
export const jsonMatchSchema = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.null(),
  z
    .strictObject({
      equals: z.unknown().optional(),
      contains: z.union([z.string(), z.number(), z.boolean()]).exactOptional(),
      matches: z.string().refine(isPattern, "expected a regular expression").exactOptional(),
      exists: z.boolean().exactOptional(),
      min: z.number().exactOptional(),
      max: z.number().exactOptional(),
      type: z.enum(["string", "number", "boolean", "object", "array", "null"]).exactOptional(),
    })
    .refine(
      (match) => Object.keys(match).length > 0,
      "expected at least one of equals, contains, matches, exists, min, max, type",
    ),
]);

const status = z.union([
  z.int().min(100).max(599),
  z.string().regex(/^[1-5]xx$/, 'expected a status, or a class like "2xx"'),
]);

/** A path in JSON by RFC 9535: `$.items[0].id`. */
export const jsonPath = z.string().refine(isJsonPath, "expected a JSONPath by RFC 9535, like $.items[0].id");

/** What an answer has to be like. All of it must hold. */
export const expectationSchema = z.strictObject({
  /** Default: any below 400. */
  status: z.union([status, z.array(status).min(1)]).exactOptional(),
  /** By name, in any case. */
  headers: z.record(z.string(), textMatchSchema).exactOptional(),
  /** By JSONPath: a value that one of those found must equal, or what it must be like. */
  json: z.record(jsonPath, jsonMatchSchema).exactOptional(),
  /** The body as text. */
  body: textMatchSchema.exactOptional(),
  /** The longest that it may take, body included. */
  within: duration.exactOptional(),
  /** For how many days yet the certificate must be valid. Over TLS alone. */
  tlsDaysLeft: z.number().min(0).exactOptional(),
});

/** See {@link expectationSchema}. */
export type Expectation = z.output<typeof expectationSchema>;
export type TextMatch = z.output<typeof textMatchSchema>;
export type JsonMatch = z.output<typeof jsonMatchSchema>;
export type StatusMatch = z.output<typeof status>;

/** Whether it is a regular expression, with the `u` flag. */
export function isPattern(pattern: string): boolean {
  try {
    new RegExp(pattern, "u");
    return true;
  } catch {
    return false;
  }
}
