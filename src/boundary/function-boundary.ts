import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Use } from "../core/binding.js";
import { ConfigError, integer, onlyKnown } from "../core/config.js";
import type { Context } from "../core/context.js";
import { bytes, type Size } from "../core/duration.js";
import { KeelsonError } from "../core/errors.js";
import { type Runtime, runtime, type SliRecorders } from "../core/runtime.js";
import { validate } from "../core/validation.js";
import { classify } from "./classify.js";
import { isAnonymous } from "./declare.js";
import { HERE } from "./endpoint/incoming.js";
import { type FunctionLimits, takeLimits } from "./function-limits.js";
import { DEFAULT_MAX_DEPTH, tooDeep } from "./json.js";
import { measure } from "./measure.js";
import { type FunctionError, toFunctionError } from "./problem.js";
import { type Surface, surfaceAuth, surfaceLimits } from "./surface/surface.js";

/** A call of a function boundary before it is known who is calling: what `auth` gets. */
export interface FunctionEntry<out Ctx = undefined> {
  /** The platform's own context of the call (Convex). */
  readonly ctx: Ctx;
  /** Trace id, tenant, principal, priority and deadline, to be handed on to every primitive that is called. */
  readonly context: Context;
  /** Binds a definition to this call. */
  readonly use: Use<"act">;
}

/** A call whose principal is known: what the keys of limits and the function itself get. */
export interface FunctionCall<out P, out Ctx = undefined> extends FunctionEntry<Ctx> {
  readonly principal: P;
}

/** What the caller passes beside the input. Without a platform context it may be left out. */
export type FunctionCaller<Ctx> = {
  readonly context?: Context;
  /** Binds definitions to this call. Default: they are bound already. */
  readonly use?: (definition: never) => unknown;
  /** Counts this call where no process lives long enough to count for itself. */
  readonly sli?: SliRecorders;
} & (undefined extends Ctx ? { readonly ctx?: Ctx } : { readonly ctx: Ctx });

/** Options of a function boundary. */
export interface BoundaryOptions<I extends StandardSchemaV1, P, Ctx> {
  /** `integrations.gmail.storeConnection`: its name in events, indicators and the surface matrix. */
  readonly name: string;
  /** Checks the input. */
  readonly input: I;
  /** How many arrays and objects of the input may lie within each other. Default 32. */
  readonly maxDepth?: number;
  /** About how much JSON the input may be. Default `"64kb"`. */
  readonly maxBytes?: Size;
  /** Says who is calling: the principal; or `anonymous("why")`. For nobody throw a `KeelsonError("unauthenticated")` or return null. */
  readonly auth: (entry: FunctionEntry<Ctx>) => P | Promise<P>;
  /** How often it may be called; or `unlimited("why")`. Checked before the input is. */
  readonly limits: FunctionLimits<FunctionCall<NoInfer<P>, Ctx>>;
}

/** What came of a call: plain JSON data in case of an error. */
export type FunctionResult<R> =
  | { readonly ok: true; readonly value: R }
  | { readonly ok: false; readonly error: FunctionError };

/** A guarded function. */
export interface Boundary<in Input, out R, Ctx = undefined> {
  /** @throws {KeelsonError} whatever goes wrong, classified; nothing else is ever thrown */
  (input: Input, ...caller: CallerArguments<Ctx>): Promise<R>;
  readonly name: string;
  /** The same for input from a wire, with errors as data: never rejects. */
  attempt(input: unknown, ...caller: CallerArguments<Ctx>): Promise<FunctionResult<R>>;
  /** Its protections, for the surface matrix. */
  surface(): Surface;
}

type CallerArguments<Ctx> = undefined extends Ctx ? [caller?: FunctionCaller<Ctx>] : [caller: FunctionCaller<Ctx>];

/** A caller, whatever its platform. */
type Caller = FunctionCaller<undefined> & { readonly ctx?: unknown };

type In<S extends StandardSchemaV1> = StandardSchemaV1.InferInput<S>;
type Out<S extends StandardSchemaV1> = StandardSchemaV1.InferOutput<S>;

/**
 * Guards a function that is called from outside by other means than HTTP: a Convex function, a queue's consumer, a
 * worker's message. In this order: auth → limits → size and depth of the input → input schema → function → output
 * schema. An output that doesn't match is the function's own error and reaches the caller as `internal`.
 *
 * @throws {ConfigError} when auth or limits are not declared, or another option is wrong
 */
export function boundary<I extends StandardSchemaV1, O extends StandardSchemaV1, P = null, Ctx = undefined>(
  options: BoundaryOptions<I, P, Ctx> & { readonly output: O },
  handler: (
    input: Out<I>,
    call: FunctionCall<NoInfer<P>, NoInfer<Ctx>>,
  ) => In<NoInfer<O>> | PromiseLike<In<NoInfer<O>>>,
  rt?: Runtime,
): Boundary<In<I>, Out<O>, Ctx>;
export function boundary<I extends StandardSchemaV1, R, P = null, Ctx = undefined>(
  options: BoundaryOptions<I, P, Ctx> & { readonly output?: undefined },
  handler: (input: Out<I>, call: FunctionCall<NoInfer<P>, NoInfer<Ctx>>) => R | PromiseLike<R>,
  rt?: Runtime,
): Boundary<In<I>, R, Ctx>;
export function boundary<P, Ctx>(
  options: BoundaryOptions<StandardSchemaV1, P, Ctx> & { readonly output?: StandardSchemaV1 | undefined },
  handler: (input: unknown, call: FunctionCall<P, Ctx>) => unknown,
  rt: Runtime = runtime(),
): Boundary<unknown, unknown, Ctx> {
  const { name, input: schema, output, auth, limits } = options;
  if (typeof name !== "string" || name === "") throw new ConfigError("boundary.name", name, "a name");
  const where = `boundary(${JSON.stringify(name)})`;
  onlyKnown(options, where, ["name", "input", "output", "maxDepth", "maxBytes", "auth", "limits"]);
  for (const [option, given] of [["input", schema], ...(output ? [["output", output]] : [])] as const) {
    if (typeof (given as Partial<StandardSchemaV1> | undefined)?.["~standard"]?.validate !== "function")
      throw new ConfigError(`${where}.${option}`, given, "a Standard Schema");
  }
  const bounds = {
    maxDepth: integer(options.maxDepth ?? DEFAULT_MAX_DEPTH, `${where}.maxDepth`, 1, 1000),
    maxBytes: bytes(options.maxBytes ?? "64kb", `${where}.maxBytes`),
  };
  const surface: Surface = {
    kind: "function",
    name,
    auth: surfaceAuth(auth, where),
    limits: surfaceLimits(limits, where),
    validates: output ? ["args", "result"] : ["args"],
    ...bounds,
  };
  const sli = rt.sli?.("endpoint", name);

  const guarded = async (input: unknown, entry: FunctionEntry<Ctx>): Promise<unknown> => {
    const principal = await auth(entry);
    if ((principal ?? null) === null && !isAnonymous(auth)) throw new KeelsonError("unauthenticated");
    const call: FunctionCall<P, Ctx> = { ...entry, principal };
    await takeLimits(limits, call, where);
    const passed = measure(input, bounds);
    if (passed === "depth") throw tooDeep(bounds.maxDepth, "args");
    if (passed === "bytes")
      throw new KeelsonError("payload_too_large", `${name}: the input is too large`, {
        detail: `The input may be ${bounds.maxBytes} bytes at most`,
      });
    const checked = await validate(schema, input, "args");
    const run = () => handler(checked, call);
    const result = await (rt.inContext === undefined ? run() : rt.inContext(call.context, run));
    return output ? await matching(output, result, name) : result;
  };

  const settle = (start: number, { context, sli: recorders }: Caller, error: KeelsonError | undefined): void => {
    const durationMs = rt.clock.monotonic() - start;
    // What the caller did wrong says nothing of the service.
    (sli ?? recorders?.("endpoint", name))?.record(
      error === undefined ? false : error.status >= 500 ? true : undefined,
      durationMs,
    );
    if (!rt.events.wants("endpoint.settled")) return;
    const failed = error && { code: error.code, error };
    rt.events.emit("endpoint.settled", {
      name,
      context: context ?? {},
      status: error?.status ?? 200,
      ...failed,
      durationMs,
    });
  };

  const call = async (input: unknown, caller: Caller = {}): Promise<unknown> => {
    const start = rt.clock.monotonic();
    const context = caller.context ?? rt.currentContext?.() ?? {};
    const use = (caller.use ?? HERE.use) as unknown as Use<"act">;
    try {
      const result = await guarded(input, { ctx: caller.ctx as Ctx, context, use });
      settle(start, { ...caller, context }, undefined);
      return result;
    } catch (thrown) {
      const error = classify(thrown);
      settle(start, { ...caller, context }, error);
      throw error;
    }
  };

  const attempt = (input: unknown, caller?: Caller): Promise<FunctionResult<unknown>> =>
    call(input, caller).then(
      (value) => ({ ok: true, value }),
      (error: KeelsonError) => ({ ok: false, error: toFunctionError(error) }),
    );

  return Object.defineProperty(Object.assign(call, { attempt, surface: () => surface }), "name", {
    value: name,
  }) as unknown as Boundary<unknown, unknown, Ctx>;
}

async function matching(output: StandardSchemaV1, result: unknown, name: string): Promise<unknown> {
  try {
    return await validate(output, result, "result");
  } catch (cause) {
    throw new KeelsonError("internal", `${name}: the result does not match its schema`, { cause });
  }
}
