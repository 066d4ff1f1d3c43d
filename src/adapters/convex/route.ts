import { type HttpRouter, httpActionGeneric, type RoutableMethod } from "convex/server";
import type { Endpoint } from "../../boundary/endpoint/endpoint.js";
import { toFetch } from "../../boundary/endpoint/fetch.js";
import { Router } from "../../boundary/endpoint/router.js";
import type { EndpointDefinition } from "../../boundary/endpoint/types.js";
import type { Knobs } from "../../boundary/knobs/knob.js";
import type { Kit } from "../../kit/types.js";
import { type ConvexStoreOptions, convexStore } from "../../stores/convex/convex-store.js";
import type { ActionPlace, KeelsonComponent } from "../../stores/convex/ctx.js";

/** Options of {@link route}. */
export interface RouteOptions<K extends Knobs, Ctx> {
  /** The kit that the endpoints were defined by. */
  readonly kit: Kit<K, "none", Ctx>;
  /** `components.keelson`. */
  readonly component: KeelsonComponent;
  readonly endpoints: readonly EndpointDefinition[];
  readonly store?: ConvexStoreOptions;
  /**
   * Is called at the end of every request, refused ones too, once what was counted is written: to hand on what the isolate
   * would forget. It gets the ctx, and should not throw: nobody is left to be told.
   */
  readonly onEnd?: (ctx: Ctx) => Promise<void>;
}

/** What a request says of itself, where the deployment knows it. */
interface Meta {
  readonly meta?: { getRequestMetadata?(): Promise<{ readonly ip: string | null }> };
}

/** Every method that Convex routes, so that our own answer says 405, and not Convex's 404. */
const METHODS: readonly RoutableMethod[] = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/**
 * Puts endpoints onto a Convex router. Each request binds the kit's definitions to its ctx; what was counted is written
 * when it has been answered, or when its stream has ended.
 *
 * @example
 * const http = httpRouter();
 * route(http, { kit, component: components.keelson, endpoints: [chat] });
 * export default http;
 *
 * @throws {ConfigError} when two endpoints have the same method and path
 */
export function route<K extends Knobs, Ctx>(
  http: HttpRouter,
  { kit, component, endpoints, store: options, onEnd }: RouteOptions<K, Ctx>,
): void {
  const router = new Router(endpoints as readonly Endpoint[]);
  const handler = httpActionGeneric(async (ctx, request) => {
    const store = convexStore(ctx as ActionPlace, component, options);
    const { use, sli, flush } = kit.using(store as never);
    const place = { ctx, use: use as (definition: never) => unknown, ...(sli !== undefined && { sli }) };
    const answer = await toFetch(router, place)(request, await clientOf(ctx as Meta));
    return settled(answer, async () => {
      await flush();
      await onEnd?.(ctx as Ctx);
    });
  });
  const routed = new Set<string>();
  for (const { path } of endpoints) {
    // Convex knows whole paths and prefixes; our router does the rest.
    const at = path.indexOf(":");
    const prefix = at < 0 ? path : path.slice(0, at);
    if (routed.has(prefix)) continue;
    routed.add(prefix);
    for (const method of METHODS)
      http.route(at < 0 ? { path, method, handler } : { pathPrefix: prefix, method, handler });
  }
}

async function clientOf({ meta }: Meta): Promise<{ remoteAddress?: string }> {
  const ip = (await meta?.getRequestMetadata?.())?.ip ?? undefined;
  return ip === undefined ? {} : { remoteAddress: ip };
}

/** Flushes before the answer goes, or at the end of its stream: an action's work may be dropped after that. */
async function settled(answer: Response, flush: () => Promise<void>): Promise<Response> {
  if (answer.body === null || answer.headers.has("content-length") || !isStreamed(answer)) {
    await flush();
    return answer;
  }
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  void pumped(answer.body, writable, flush);
  return new Response(readable, { status: answer.status, headers: answer.headers });
}

/** Hands a stream on. (From here, and not when it is read: only what the action itself began is sure to be a part of it.) */
async function pumped(
  body: ReadableStream<Uint8Array>,
  writable: WritableStream<Uint8Array>,
  flush: () => Promise<void>,
): Promise<void> {
  const reader = body.getReader();
  const writer = writable.getWriter();
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) await writer.write(piece.value);
    await flush();
    await writer.close();
  } catch (error) {
    // The reader has left, or the stream broke off: each side hears of it, and one of them knows it already.
    await Promise.allSettled([reader.cancel(error), writer.abort(error), flush()]);
  }
}

function isStreamed({ headers }: Response): boolean {
  const type = headers.get("content-type") ?? "";
  return !/^application\/(problem\+)?json/.test(type);
}
