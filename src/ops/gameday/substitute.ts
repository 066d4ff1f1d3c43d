import type { z } from "zod";
import { UsageError } from "../failure.js";
import type { configurationSchema, secretsSchema, Variable } from "./experiment.js";

type Environment = Readonly<Record<string, string | undefined>>;

/** What `${name}` stands for. */
export interface Values {
  readonly byName: Readonly<Record<string, unknown>>;
  /** Texts that must not be written down. */
  readonly secrets: readonly string[];
}

/**
 * Looks configuration and secrets up.
 *
 * @throws {UsageError} naming each variable that the environment doesn't have
 */
export function valuesOf(
  configuration: z.output<typeof configurationSchema>,
  secrets: z.output<typeof secretsSchema>,
  env: Environment,
  file: string,
): Values {
  const missing: string[] = [];
  const look = (where: string, given: unknown): unknown => {
    if (!isVariable(given)) return given;
    const value = env[given.key] ?? given.default;
    if (value === undefined || value === null) {
      missing.push(`${file}: ${where}: the environment has no variable ${given.key}, and there is no default`);
      return undefined;
    }
    return typed(value, given.env_var_type);
  };
  const entries = Object.entries(configuration).map(([name, given]) => [name, look(`configuration.${name}`, given)]);
  const hidden = Object.entries(secrets).flatMap(([group, names]) =>
    Object.entries(names).map(([name, given]) => [name, look(`secrets.${group}.${name}`, given)] as const),
  );
  if (missing.length > 0) throw new UsageError(missing.join("\n"));
  return {
    // As in Chaos Toolkit: of one name in both, the configuration's.
    byName: { ...Object.fromEntries(hidden), ...Object.fromEntries(entries) },
    secrets: hidden.map(([, value]) => String(value)),
  };
}

const PLACE = /\$(?:(\$)|\{(\w+)\}|(\w+))/g;
const ALONE = /^\$\{(\w+)\}$/;

/**
 * Fills in all texts of plain data: `${name}`, and `$name` where there is such a name; `$$` is a `$`. A text that is
 * nothing but `${name}` becomes the value as it is: a number stays one.
 *
 * @throws {UsageError} naming what has no value: left as it is, it would be asked for as it stands
 */
export function substitute(data: unknown, values: Readonly<Record<string, unknown>>, file: string): unknown {
  const named = (name: string): unknown => {
    if (Object.hasOwn(values, name)) return values[name];
    const known = Object.keys(values).join(", ") || "none";
    throw new UsageError(`${file}: \${${name}}: neither configuration nor secrets have that name; there are: ${known}`);
  };
  const walk = (value: unknown): unknown => {
    if (typeof value === "string") {
      const alone = ALONE.exec(value)?.[1];
      if (alone !== undefined) return named(alone);
      return value.replace(PLACE, (place, dollar?: string, braced?: string, bare?: string) => {
        if (dollar !== undefined) return "$";
        if (braced !== undefined) return String(named(braced));
        return bare !== undefined && Object.hasOwn(values, bare) ? String(values[bare]) : place;
      });
    }
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item)]));
  };
  return walk(data);
}

function isVariable(given: unknown): given is Variable {
  return typeof given === "object" && given !== null && (given as { type?: unknown }).type === "env";
}

function typed(value: string | number | boolean, type: Variable["env_var_type"]): unknown {
  switch (type) {
    case "int":
      return Math.trunc(Number(value));
    case "float":
      return Number(value);
    case "bool":
      return ["true", "1", "yes", "on"].includes(String(value).toLowerCase());
    case "str":
      return String(value);
    default:
      return value;
  }
}
