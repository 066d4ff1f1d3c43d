import { ConfigError } from "../../core/config.js";
import { type Duration, milliseconds } from "../../core/duration.js";
import { KeelsonError } from "../../core/errors.js";
import type { LeverArg, LeverArgs, LeverPull } from "../../core/levers.js";
import type { Control } from "./control.js";

const MOST_BY = 200;
const MOST_REASON = 500;
const MOST_TEXT = 1_000;
const DEFAULT_MS = 15 * 60_000;
const SHORTEST_MS = 1_000;
const LONGEST_MS = 24 * 3_600_000;

/** A pull that was checked. */
export interface Request {
  readonly control: Control;
  readonly target: string;
  readonly args: LeverArgs;
  readonly by: string;
  readonly reason: string;
  /** 0: it acts once. */
  readonly ms: number;
}

/**
 * Checks a pull.
 *
 * @throws {KeelsonError} `validation`, `not_found`
 */
export function requested(pull: LeverPull, controls: readonly Control[]): Request {
  const given: Partial<LeverPull> = typeof pull === "object" && pull !== null ? pull : {};
  const { by, reason } = signed(given);
  const control = controls.find(({ lever }) => lever === given.lever);
  if (control === undefined)
    throw refused(
      "not_found",
      `there is no lever ${quoted(given.lever)}`,
      controls.map(({ lever }) => lever),
    );
  const target = targetOf(control, given.target);
  const args = argsOf(control, given.args ?? {});
  guarded(() => control.check?.(target, args));
  return { control, target, args, by, reason, ms: msOf(control, given.expiresIn) };
}

/**
 * Checks who acts, and why.
 *
 * @throws {KeelsonError} `validation`
 */
export function signed({ by, reason }: { readonly by?: unknown; readonly reason?: unknown }): {
  readonly by: string;
  readonly reason: string;
} {
  return { by: text(by, "by (who does it)", MOST_BY), reason: text(reason, "reason", MOST_REASON) };
}

/** An error whose words an operator may see, with what would have been right. */
export function refused(
  code: "validation" | "not_found",
  what: string,
  allowed: string | readonly string[],
): KeelsonError {
  const right = typeof allowed === "string" ? allowed : allowed.length === 0 ? "none here" : allowed.join(", ");
  const detail = `${what}; allowed: ${right}`;
  return new KeelsonError(code, detail, { detail, source: "levers" });
}

function targetOf({ lever, targets }: Control, given: unknown): string {
  const known = targets();
  if (typeof given === "string") {
    if (known.includes(given)) return given;
    const short = known.filter((one) => one.slice(one.indexOf(":") + 1) === given);
    if (short.length === 1) return short[0] as string;
  }
  throw refused("not_found", `${lever}: there is no target ${quoted(given)}`, known);
}

function argsOf({ lever, args: wanted }: Control, given: LeverArgs): LeverArgs {
  const names = wanted.map(({ name }) => name);
  for (const name of Object.keys(given))
    if (!names.includes(name)) throw refused("validation", `${lever}: there is no argument ${quoted(name)}`, names);
  const args: Record<string, string | number> = {};
  for (const arg of wanted) {
    const value = Object.hasOwn(given, arg.name) ? given[arg.name] : undefined;
    if (value !== undefined) args[arg.name] = argOf(lever, arg, value);
    else if (arg.required) throw refused("validation", `${lever}: ${arg.name} is missing`, arg.describe);
  }
  return args;
}

function argOf(lever: string, { name, kind, describe }: LeverArg, value: string | number): string | number {
  const where = `${lever}: ${name}`;
  if (kind === "text") return text(typeof value === "number" ? String(value) : value, where, MOST_TEXT);
  if (kind === "duration") return guarded(() => milliseconds(value as Duration, where));
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number === "number" && Number.isFinite(number)) return number;
  throw refused("validation", `${where} is ${quoted(value)}`, describe);
}

function msOf({ lever, lasting }: Control, given: Duration | undefined): number {
  if (!lasting) {
    if (given === undefined) return 0;
    throw refused("validation", `${lever}: expiresIn is ${quoted(given)}`, "left out: it acts once");
  }
  if (given === undefined) return DEFAULT_MS;
  const ms = guarded(() => milliseconds(given, `${lever}: expiresIn`, SHORTEST_MS));
  if (ms <= LONGEST_MS) return ms;
  throw refused("validation", `${lever}: expiresIn is ${quoted(given)}`, 'a duration from "1s" to "24h"');
}

function text(given: unknown, where: string, most: number): string {
  const trimmed = typeof given === "string" ? given.trim() : "";
  if (trimmed !== "" && trimmed.length <= most) return trimmed;
  const is = trimmed === "" ? "missing or empty" : `of ${trimmed.length} characters`;
  throw refused("validation", `${where} is ${is}`, `text of 1 to ${most} characters`);
}

/** What is wrong with a configuration is here wrong with an input. */
function guarded<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw refused("validation", `${error.option} is ${quoted(error.value)}`, error.allowed);
  }
}

function quoted(value: unknown): string {
  return value === undefined ? "missing" : JSON.stringify(value).slice(0, 100);
}
