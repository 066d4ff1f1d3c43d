import type { StandardSchemaV1 } from "@standard-schema/spec";
import { type Duration, milliseconds } from "../../core/duration.js";
import type { LeverPull } from "./levers.js";

/** What `POST levers` takes. */
export type PullRequest = Omit<LeverPull, "by">;

const LONGEST_NAME = 200;
const LONGEST_REASON = 500;
const MOST_ARGS = 8;

type Issues = { message: string; path: PropertyKey[] }[];
type Fields = Readonly<Record<string, unknown>>;

/** Checks what is to be pulled. Whether there is such a lever and target is for the levers to say. */
export const pullRequest: StandardSchemaV1<unknown, PullRequest> = schema((fields, issues) => {
  onlyFields(fields, ["lever", "target", "args", "reason", "expiresIn"], issues);
  const lever = text(fields, "lever", LONGEST_NAME, issues);
  const target = text(fields, "target", LONGEST_NAME, issues);
  const reason = text(fields, "reason", LONGEST_REASON, issues);
  const args = argsOf(fields.args, issues);
  const { expiresIn } = fields;
  if (expiresIn !== undefined && !isDuration(expiresIn))
    issues.push({ message: 'a duration such as "15m", at least "1s"', path: ["expiresIn"] });
  return {
    lever,
    target,
    reason,
    ...(args !== undefined && { args }),
    ...(expiresIn !== undefined && { expiresIn: expiresIn as Duration }),
  };
});

/** Checks why a lever is released. */
export const releaseRequest: StandardSchemaV1<unknown, { readonly reason: string }> = schema((fields, issues) => {
  onlyFields(fields, ["reason"], issues);
  return { reason: text(fields, "reason", LONGEST_REASON, issues) };
});

function schema<T>(read: (fields: Fields, issues: Issues) => T): StandardSchemaV1<unknown, T> {
  return {
    "~standard": {
      version: 1,
      vendor: "keelson",
      validate: (value) => {
        if (typeof value !== "object" || value === null || Array.isArray(value))
          return { issues: [{ message: "an object", path: [] }] };
        const issues: Issues = [];
        const result = read(value as Fields, issues);
        return issues.length > 0 ? { issues } : { value: result };
      },
    },
  };
}

function onlyFields(fields: Fields, known: readonly string[], issues: Issues): void {
  for (const key of Object.keys(fields)) {
    if (!known.includes(key)) issues.push({ message: `no such field; one of ${known.join(", ")}`, path: [key] });
  }
}

function text(fields: Fields, name: string, longest: number, issues: Issues): string {
  const value = fields[name];
  const trimmed = typeof value === "string" ? value.trim() : "";
  if (trimmed === "" || trimmed.length > longest)
    issues.push({ message: `a text of 1 to ${longest} characters`, path: [name] });
  return trimmed;
}

function argsOf(value: unknown, issues: Issues): PullRequest["args"] {
  if (value === undefined) return undefined;
  const entries = typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
  const sound = entries.every(
    ([, arg]) =>
      (typeof arg === "string" && arg.length <= LONGEST_REASON) || (typeof arg === "number" && Number.isFinite(arg)),
  );
  if (typeof value !== "object" || value === null || Array.isArray(value) || !sound || entries.length > MOST_ARGS)
    issues.push({ message: `an object of at most ${MOST_ARGS} texts and numbers`, path: ["args"] });
  return Object.fromEntries(entries) as PullRequest["args"];
}

function isDuration(value: unknown): boolean {
  try {
    milliseconds(value as Duration, "expiresIn", 1_000);
    return true;
  } catch {
    return false;
  }
}
