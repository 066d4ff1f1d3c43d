import { z } from "zod";
import { checked } from "../artefact/read.js";
import type { Config } from "../config/config.js";
import { EXIT, OpsError, UnavailableError, UsageError } from "../failure.js";
import type { Exchanged, Sent } from "../http/exchange.js";

const entrySchema = z.object({
  id: z.string(),
  lever: z.string(),
  target: z.string(),
  args: z.record(z.string(), z.union([z.string(), z.number()])),
  by: z.string(),
  reason: z.string(),
  at: z.number(),
  expiresAt: z.number().nullable(),
  count: z.number().exactOptional(),
  released: z.object({ by: z.string(), reason: z.string(), at: z.number() }).exactOptional(),
});
const stateSchema = z.object({
  catalogue: z.array(
    z.object({
      lever: z.string(),
      describe: z.string(),
      targets: z.array(z.string()),
      lasting: z.boolean(),
      args: z.array(z.object({ name: z.string(), kind: z.string(), required: z.boolean(), describe: z.string() })),
    }),
  ),
  active: z.array(entrySchema),
  audit: z.array(entrySchema.omit({ count: true, released: true }).extend({ action: z.string() })),
});
const doneSchema = z.object({ entry: entrySchema });

/** A lever that was pulled, as the operator routes tell it. */
export type LiveEntry = z.infer<typeof entrySchema>;
/** What there is to pull, what is in effect and what was done. */
export type LiveLevers = z.infer<typeof stateSchema>;

/** The service didn't do it, and said why. Exit code 1. */
export class RefusedError extends OpsError {
  override readonly name = "RefusedError";
  readonly exitCode = EXIT.failed;
}

/** What is asked of a service to pull a lever. */
export interface LeverRequest {
  readonly lever: string;
  readonly target: string;
  readonly args?: Readonly<Record<string, string | number>>;
  readonly reason: string;
  readonly expiresIn?: string;
}

/** Asks the operator routes of a service. */
export class OperatorClient {
  readonly #config: Pick<Config, "target" | "operator">;
  readonly #send: (sent: Sent) => Promise<Exchanged>;

  constructor(config: Pick<Config, "target" | "operator">, send: (sent: Sent) => Promise<Exchanged>) {
    this.#config = config;
    this.#send = send;
  }

  /** @throws {RefusedError} or {UnavailableError} */
  levers(): Promise<LiveLevers> {
    return this.#ask("GET", "levers", undefined, stateSchema);
  }

  /** @throws {RefusedError} or {UnavailableError} */
  async pull(pull: LeverRequest): Promise<LiveEntry> {
    return (await this.#ask("POST", "levers", pull, doneSchema)).entry;
  }

  /** @throws {RefusedError} or {UnavailableError} */
  async release(id: string, reason: string): Promise<LiveEntry> {
    return (await this.#ask("POST", `levers/${encodeURIComponent(id)}/release`, { reason }, doneSchema)).entry;
  }

  /**
   * The id of the lever that is in effect on a target.
   *
   * @throws {RefusedError} when there is none, or several: those of one limiter, say. {UnavailableError}
   */
  async idOf(lever: string, target: string): Promise<string> {
    const { active } = await this.levers();
    // As for a pull, the name behind the colon is enough.
    const short = (full: string) => full.slice(full.indexOf(":") + 1);
    const found = active.filter((one) => one.lever === lever && [one.target, short(one.target)].includes(target));
    const [only, another] = found;
    if (only === undefined) {
      const there = active.map((one) => `${one.lever} ${one.target}`).join(", ") || "nothing";
      throw new RefusedError(`${lever} ${target} is not in effect; in effect: ${there}`);
    }
    if (another !== undefined)
      throw new RefusedError(
        `${lever} ${target} is in effect ${found.length} times: release one by its id, of ${found.map(({ id }) => id).join(", ")}`,
      );
    return only.id;
  }

  /** The address of one of the operator routes. */
  url(path: string): URL {
    const { target, operator } = this.#config;
    // (A path of the configuration is one on the target, which may have a path itself.)
    const base = /^https?:\/\//.test(operator.url)
      ? operator.url
      : `${target.url.replace(/\/$/, "")}/${operator.url.replace(/^\//, "")}`;
    return new URL(`${base.replace(/\/$/, "")}/${path}`);
  }

  async #ask<S extends z.ZodType>(method: string, path: string, body: unknown, schema: S): Promise<z.output<S>> {
    const { target, operator } = this.#config;
    const url = this.url(path);
    const answer = await this.#send({
      method,
      url,
      headers: {
        accept: "application/json",
        ...target.headers,
        ...operator.headers,
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      timeoutMs: operator.timeout,
    });
    if (answer.kind !== "answered") throw new UnavailableError(`${url.href} can't be reached (${answer.code})`);
    const value = json(answer.text());
    if (answer.status === 200) return checked(`what ${url.href} answered`, schema, value);
    const why = problemOf(value);
    if (why === undefined)
      throw new UnavailableError(`${url.href} answered ${answer.status}: is the operator page of the service there?`);
    throw new RefusedError(`refused (${answer.status}): ${why}`);
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Whoever asks finds that it isn't what it has to be.
    return undefined;
  }
}

/** What RFC 9457's problem details say. */
function problemOf(value: unknown): string | undefined {
  const { title, detail } = (value ?? {}) as { readonly title?: unknown; readonly detail?: unknown };
  if (typeof detail === "string") return detail;
  return typeof title === "string" ? title : undefined;
}

/**
 * `name=value` pairs.
 *
 * @throws {UsageError} naming what is none
 */
export function pairs(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((one) => {
      const at = one.indexOf("=");
      if (at < 1) throw new UsageError(`operate: --arg ${one}: expected name=value`);
      return [one.slice(0, at), one.slice(at + 1)];
    }),
  );
}
