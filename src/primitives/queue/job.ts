import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Use } from "../../core/binding.js";
import { ConfigError } from "../../core/config.js";
import type { Context } from "../../core/context.js";
import type { Duration, Size } from "../../core/duration.js";
import type { Tunable } from "../../core/runtime.js";

type In<S extends StandardSchemaV1> = StandardSchemaV1.InferInput<S>;
type Out<S extends StandardSchemaV1> = StandardSchemaV1.InferOutput<S>;

/** What a job's handler gets beside the input. What costs is made when it is first read. */
export interface JobCall<out Ctx = undefined> {
  /** The job's, the same in every attempt: the key for effects that must happen once. */
  readonly id: string;
  /** Its name among the queue's jobs. */
  readonly tool: string;
  /** 1 the first time. */
  readonly attempt: number;
  /** How often it may be tried. */
  readonly attempts: number;
  /**
   * Aborts when the result is no longer wanted: the time-out or the job's deadline passed, the job was cancelled, the
   * lease was lost, or the worker stops and waits no longer. Made when first read.
   */
  readonly signal: AbortSignal;
  /** Trace id, tenant, principal and priority of whoever enqueued it; deadline and signal of this run. */
  readonly context: Context;
  /** The platform's own context (Convex). */
  readonly ctx: Ctx;
  /** Binds a definition to this call. */
  readonly use: Use<"act">;
}

/** Waits between the attempts of a job: drawn from 0 to `min(cap, base · 2^(n−1))` after the nth. */
export interface JobRetry<K = Record<string, never>> {
  /** Default `"1s"`. */
  readonly base?: Tunable<K, Duration>;
  /** Default `"5m"`. */
  readonly cap?: Tunable<K, Duration>;
}

/** Options of a job beside its schemas. What is left out is the queue's. */
export interface JobLimits<K = Record<string, never>> {
  /** How many may run at a time, in all processes. Default 0: any number. */
  readonly maxRunning?: Tunable<K, number>;
  /** How many may be queued or delayed; one more is refused. Default 0: any number. */
  readonly maxQueued?: Tunable<K, number>;
  /** How often it may be tried. Default: the queue's. */
  readonly attempts?: Tunable<K, number>;
  /** Waits between attempts. Default: the queue's. */
  readonly retry?: JobRetry<K>;
  /**
   * Whether an error is worth another attempt. Default: all are but a KeelsonError of the categories `validation`,
   * `auth`, `not_found` and `conflict`.
   */
  readonly retryIf?: (error: unknown, attempt: number) => boolean;
  /** How long one run may take; then it has failed, whether its handler heeds the signal or not. Default: no bound. */
  readonly timeout?: Tunable<K, Duration>;
  /**
   * What a full queue is to a client: our lack of room (`"unavailable"`, 503) or the client's own excess
   * (`"rate_limit"`, 429). Default `"unavailable"`.
   */
  readonly saturated?: "unavailable" | "rate_limit";
  /** The largest envelope: the input as JSON, and some 200 bytes. Default: the queue's. */
  readonly maxPayload?: Size;
  /** The largest result as JSON. Default: the queue's. */
  readonly maxResult?: Size;
}

/** A job whose handler stands here. */
export interface InlineJobOptions<S extends StandardSchemaV1, R, K = Record<string, never>, Ctx = undefined>
  extends JobLimits<K> {
  /** Checks the input when it is enqueued, and once more when it runs. */
  readonly input: S;
  readonly output?: undefined;
  /** Does the work. What it returns has to be JSON; `undefined` stays what it is. */
  readonly run: (input: Out<S>, call: JobCall<Ctx>) => R | PromiseLike<R>;
}

/** A job whose handler stands elsewhere: `queue.handle({ … })` in the worker. Producers need no more than this. */
export interface SchemaJobOptions<S extends StandardSchemaV1, O extends StandardSchemaV1, K = Record<string, never>>
  extends JobLimits<K> {
  /** Checks the input when it is enqueued, and once more when it runs. */
  readonly input: S;
  /** Checks the result when the handler returned it, and once more where it is waited for. */
  readonly output: O;
  readonly run?: undefined;
}

/** Any job's options, to read at run time. */
export interface AnyJobOptions extends JobLimits<never> {
  readonly input: StandardSchemaV1;
  readonly output?: StandardSchemaV1 | undefined;
  readonly run?: ((input: never, call: never) => unknown) | undefined;
}

/**
 * A kind of work: what goes in, what comes out, and its limits. `Input` is what its handler gets, `Wire` what is
 * enqueued, `Made` what the handler returns, `Result` what is waited for.
 */
export interface Job<out Input, out Wire, out Made, out Result, in Ctx, out Handled extends boolean> {
  readonly options: AnyJobOptions;
  /** Whether its handler stands with it. */
  readonly "~handled": Handled;
  readonly "~types"?: readonly [Input, Wire, Made, Result];
  readonly "~ctx"?: (ctx: Ctx) => void;
}

/** The jobs of a queue, by name. */
export type JobSet<Ctx = never> = Readonly<Record<string, Job<unknown, unknown, unknown, unknown, Ctx, boolean>>>;

/** The names of a set's jobs. */
export type ToolName<J> = keyof J & string;

type Types<J> = J extends Job<infer I, infer W, infer M, infer R, never, boolean> ? [I, W, M, R] : never;
/** What a job's handler gets. */
export type JobInput<J> = Types<J>[0];
/** What is enqueued for a job. */
export type JobWire<J> = Types<J>[1];
/** What a job's handler returns. */
export type JobMade<J> = Types<J>[2];
/** What whoever waits for a job gets. */
export type JobResult<J> = Types<J>[3];

/** A handler for each job of a set that has none with it. */
export type JobHandlers<J extends JobSet, Ctx> = {
  readonly [N in keyof J as J[N] extends { readonly "~handled": false } ? N : never]: (
    input: JobInput<J[N]>,
    call: JobCall<Ctx>,
  ) => JobMade<J[N]> | PromiseLike<JobMade<J[N]>>;
};

/**
 * Defines a kind of work for a {@link Queue} that is used on its own; with a kit, `kit.job`.
 *
 * @throws {ConfigError} when there is no schema for the input, or neither `run` nor a schema for the output
 */
export function job<S extends StandardSchemaV1, R, Ctx = undefined>(
  options: InlineJobOptions<S, R, never, Ctx>,
): Job<Out<S>, In<S>, R, R, Ctx, true>;
export function job<S extends StandardSchemaV1, O extends StandardSchemaV1>(
  options: SchemaJobOptions<S, O, never>,
): Job<Out<S>, In<S>, In<O>, Out<O>, unknown, false>;
export function job(options: AnyJobOptions): Job<unknown, unknown, unknown, unknown, never, boolean> {
  const { input, output, run } = options;
  schema(input, "job.input");
  if (output !== undefined) schema(output, "job.output");
  if (run !== undefined ? typeof run !== "function" : output === undefined)
    throw new ConfigError("job.run", run, "a function; or none, and a schema as output");
  return Object.freeze({ options, "~handled": run !== undefined });
}

function schema(given: unknown, option: string): void {
  if (typeof (given as Partial<StandardSchemaV1> | undefined)?.["~standard"]?.validate === "function") return;
  throw new ConfigError(option, given, "a Standard Schema");
}
