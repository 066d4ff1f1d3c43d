import { randomUUID } from "node:crypto";
import { UsageError } from "../failure.js";

/** What `{{name}}` stands for. */
export interface TemplateValues {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Extracted from answers before. */
  readonly values: Readonly<Record<string, string>>;
  /** Counts requests. */
  readonly index: number;
  random(): number;
  now(): number;
}

const PLACE = /\{\{\s*([\w.]+)\s*\}\}/g;

/**
 * Fills a text in.
 *
 * @throws {UsageError} naming what has no value
 */
export function filled(text: string, values: TemplateValues): string {
  return text.includes("{{") ? text.replace(PLACE, (_, name: string) => valueNamed(name, values)) : text;
}

/** Fills in all texts of plain data, keys left as they are. */
export function filledData(data: unknown, values: TemplateValues): unknown {
  if (typeof data === "string") return filled(data, values);
  if (Array.isArray(data)) return data.map((item) => filledData(item, values));
  if (typeof data !== "object" || data === null) return data;
  return Object.fromEntries(Object.entries(data).map(([key, item]) => [key, filledData(item, values)]));
}

function valueNamed(name: string, { env, values, index, random, now }: TemplateValues): string {
  if (name.startsWith("env.")) {
    const value = env[name.slice(4)];
    if (value === undefined) throw new UsageError(`{{${name}}}: the environment has no variable ${name.slice(4)}`);
    return value;
  }
  const value = Object.hasOwn(values, name) ? values[name] : undefined;
  if (value !== undefined) return value;
  switch (name) {
    case "uuid":
      return randomUUID();
    case "index":
      return String(index);
    case "random":
      return String(Math.floor(random() * 1e9));
    case "now":
      return String(now());
    default:
      throw new UsageError(
        `{{${name}}}: no such value; there are uuid, index, random, now, env.NAME${Object.keys(values)
          .map((known) => `, ${known}`)
          .join("")}`,
      );
  }
}
