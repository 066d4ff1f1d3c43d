import { AsyncLocalStorage } from "node:async_hooks";
import type { Context, ContextCarrier } from "../../core/context.js";

const CARRIER = Symbol.for("keelson.context.v1");

/** One carrier a process, whichever copies of the package (ESM, CommonJS, another version) are in it. */
const shared = globalThis as { [CARRIER]?: AsyncLocalStorage<Context> };
shared[CARRIER] ??= new AsyncLocalStorage<Context>();
const carrier = shared[CARRIER];

/**
 * Runs `fn`, and everything it awaits or starts, in a context: calls that are passed none find it, once the kit was
 * made with {@link contextCarrier}. What the context leaves out is taken from the one around it; a deadline can only come
 * closer.
 *
 * @returns what `fn` returns
 */
export function withContext<T>(context: Context, fn: () => T): T {
  const outer = carrier.getStore();
  if (outer === undefined) return carrier.run(context, fn);
  const inner: { -readonly [K in keyof Context]: Context[K] } = { ...outer, ...context };
  // Another trace's span is none of this one.
  if (context.traceId !== undefined && context.traceId !== outer.traceId && context.spanId === undefined)
    delete inner.spanId;
  if (outer.deadline !== undefined && context.deadline !== undefined)
    inner.deadline = Math.min(outer.deadline, context.deadline);
  return carrier.run(inner, fn);
}

/** The context of the present call; `undefined` outside of {@link withContext}. */
export function currentContext(): Context | undefined {
  return carrier.getStore();
}

/**
 * Makes a kit carry contexts: handlers of its endpoints and boundaries run in their call's, and primitives that are
 * passed none find it.
 *
 * @example
 * const kit = createKit({ service: "shop", carrier: contextCarrier });
 */
export const contextCarrier: ContextCarrier = {
  current: currentContext,
  run: (context, fn) => carrier.run(context, fn),
};
