import type { StandardSchemaV1 } from "@standard-schema/spec";
import type {
  ActionBuilder,
  FunctionVisibility,
  GenericActionCtx,
  GenericDataModel,
  GenericMutationCtx,
  GenericQueryCtx,
  MutationBuilder,
  QueryBuilder,
  RegisteredAction,
  RegisteredMutation,
  RegisteredQuery,
} from "convex/server";
import { ConvexError, type ObjectType, type PropertyValidators, type Validator, type Value } from "convex/values";
import type { Unlimited } from "../../boundary/declare.js";
import type { LimiterUse } from "../../boundary/endpoint/parts.js";
import type { Boundary, FunctionCaller } from "../../boundary/function-boundary.js";
import type { Knobs } from "../../boundary/knobs/knob.js";
import type { FunctionError } from "../../boundary/problem.js";
import type { Surface } from "../../boundary/surface/surface.js";
import type { Use } from "../../core/binding.js";
import type { Size } from "../../core/duration.js";
import type { Capability } from "../../core/store.js";
import type { Kit } from "../../kit/types.js";
import type { Slo } from "../../observe/slo/slo.js";
import { type ConvexStoreOptions, convexStore } from "../../stores/convex/convex-store.js";
import type { ActionPlace, KeelsonComponent } from "../../stores/convex/ctx.js";

/** What a guarded function gets beside its arguments. */
export interface GuardedCall<out Ctx, out P, C extends Capability> {
  readonly ctx: Ctx;
  readonly principal: P;
  /** Binds a definition to this call. */
  readonly use: Use<C>;
}

/** One limit of a guarded function. */
export interface GuardedLimit<in P> {
  readonly limiter: LimiterUse;
  /** What is counted. */
  readonly by: (call: { readonly principal: P }) => string;
  /** Units that one call takes. Default 1. */
  readonly cost?: number;
}

/** Options of a guarded function. */
export interface GuardedOptions<Ctx, C extends Capability, V extends PropertyValidators, P, B, R> {
  /** `threads.list`: its name in indicators and the surface matrix. */
  readonly name: string;
  /** Convex's own validators: what they refuse, Convex refuses before this function is called. */
  readonly args: V;
  /** Any Standard Schema (zod, …) that says more about the arguments, and may change them. */
  readonly refine?: StandardSchemaV1<unknown, B>;
  /** About how much JSON the arguments may be. Default `"64kb"`. */
  readonly maxBytes?: Size;
  /** Convex's validator of what the function returns. */
  readonly returns?: Validator<R, "required", string>;
  /** Says who is calling: the principal; or `anonymous("why")`. For nobody throw a `KeelsonError("unauthenticated")` or return null. */
  readonly auth: (entry: { readonly ctx: Ctx }) => P | Promise<P>;
  /** How often it may be called; or `unlimited("why")`. A query can't count: it says why it needs no limit. */
  readonly limits: C extends "read"
    ? Unlimited
    : readonly [GuardedLimit<NoInfer<P>>, ...GuardedLimit<NoInfer<P>>[]] | Unlimited;
  /** What it promises. It is judged whenever a snapshot is taken: see `docs/alerts.md`. */
  readonly slo?: Slo;
  readonly handler: (call: GuardedCall<Ctx, NoInfer<P>, C>, args: NoInfer<B>) => R | Promise<R>;
}

/** Options of {@link guards}. The builders are those of `_generated/server`; internal ones do as well. */
export interface GuardsOptions<
  DM extends GenericDataModel,
  Q extends FunctionVisibility,
  M extends FunctionVisibility,
  A extends FunctionVisibility,
> {
  /** `components.keelson`. */
  readonly component: KeelsonComponent;
  readonly query: QueryBuilder<DM, Q>;
  readonly mutation: MutationBuilder<DM, M>;
  readonly action: ActionBuilder<DM, A>;
  readonly store?: ConvexStoreOptions;
}

/** See {@link guards}. */
export interface Guards<
  DM extends GenericDataModel,
  Q extends FunctionVisibility,
  M extends FunctionVisibility,
  A extends FunctionVisibility,
> {
  query<V extends PropertyValidators, P, R, B = ObjectType<V>>(
    options: GuardedOptions<GenericQueryCtx<DM>, "read", V, P, B, R>,
  ): RegisteredQuery<Q, ObjectType<V>, Promise<R>>;
  mutation<V extends PropertyValidators, P, R, B = ObjectType<V>>(
    options: GuardedOptions<GenericMutationCtx<DM>, "write", V, P, B, R>,
  ): RegisteredMutation<M, ObjectType<V>, Promise<R>>;
  action<V extends PropertyValidators, P, R, B = ObjectType<V>>(
    options: GuardedOptions<GenericActionCtx<DM>, "act", V, P, B, R>,
  ): RegisteredAction<A, ObjectType<V>, Promise<R>>;
}

/** What {@link guards} makes, whatever its types. */
type AnyOptions = GuardedOptions<unknown, "act", PropertyValidators, unknown, unknown, unknown>;
/** A builder, whatever its types. */
type AnyBuilder = (definition: {
  readonly args: PropertyValidators;
  readonly returns?: unknown;
  readonly handler: (ctx: ActionPlace, args: unknown) => Promise<unknown>;
}) => unknown;
type AnyKit = Kit<Knobs, "none", unknown>;

/** The arguments as Convex has validated them. */
const AS_THEY_ARE: StandardSchemaV1<unknown, unknown> = {
  "~standard": { version: 1, vendor: "keelson", validate: (value) => ({ value }) },
};

const SURFACES = new WeakMap<object, Surface>();

/**
 * Makes builders of Convex functions with the kit's guards: auth → limits → size → schema → the function. Whatever goes
 * wrong reaches the client as a `ConvexError` whose `data` is a `FunctionError`: its code, category, message, and how
 * long to wait.
 *
 * A mutation that throws is undone as a whole, the units that its limits took included. What is to last (a code that was
 * wrong, a count of failures) is returned, not thrown.
 *
 * @example
 * export const guarded = guards(kit, { component: components.keelson, query, mutation, action });
 * export const rename = guarded.mutation({
 *   name: "threads.rename", args: { id: v.id("threads"), title: v.string() },
 *   auth: user, limits: [{ limiter: writes, by: (c) => c.principal.id }],
 *   handler: async ({ ctx, principal }, { id, title }) => { … },
 * });
 */
export function guards<
  K extends Knobs,
  Ctx,
  DM extends GenericDataModel,
  Q extends FunctionVisibility,
  M extends FunctionVisibility,
  A extends FunctionVisibility,
>(kit: Kit<K, "none", Ctx>, options: GuardsOptions<DM, Q, M, A>): Guards<DM, Q, M, A> {
  const { component, query, mutation, action, store } = options;
  const guarded = (builder: unknown) => (given: AnyOptions) =>
    guardedFunction(kit as unknown as AnyKit, builder as AnyBuilder, component, store, given);
  return { query: guarded(query), mutation: guarded(mutation), action: guarded(action) } as unknown as Guards<
    DM,
    Q,
    M,
    A
  >;
}

/** The protections of a guarded function, for the surface matrix; `undefined` for one that isn't guarded. */
export function guardedSurface(fn: object): Surface | undefined {
  return SURFACES.get(fn);
}

function guardedFunction(
  kit: AnyKit,
  builder: AnyBuilder,
  component: KeelsonComponent,
  storeOptions: ConvexStoreOptions | undefined,
  { name, args, refine, maxBytes, returns, auth, limits, slo, handler }: AnyOptions,
): unknown {
  const guarded = kit.boundary(
    {
      name,
      input: refine ?? AS_THEY_ARE,
      auth,
      limits: limits as never,
      ...(maxBytes !== undefined && { maxBytes }),
      ...(slo !== undefined && { slo }),
    },
    (input, { ctx, principal, use }) => handler({ ctx, principal, use }, input),
  ) as Boundary<unknown, unknown, unknown>;
  const fn = builder({
    args,
    ...(returns !== undefined && { returns }),
    handler: async (ctx, given) => {
      const { use, sli, flush } = kit.using(convexStore(ctx, component, storeOptions));
      const caller: FunctionCaller<unknown> = { ctx, use, ...(sli !== undefined && { sli }) };
      const result = await guarded.attempt(given, caller);
      // (What a mutation has written is undone when it throws.)
      if (result.ok || "runAction" in ctx) await flush();
      if (result.ok) return result.value;
      throw new ConvexError(dataOf(result.error));
    },
  });
  SURFACES.set(fn as object, guarded.surface());
  return fn;
}

/** An error as Convex carries it: plain, and without what is undefined. */
function dataOf(error: FunctionError): Value {
  return JSON.parse(JSON.stringify(error)) as Value;
}
