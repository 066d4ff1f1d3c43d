import { FetchIncoming } from "./fetch-incoming.js";
import { HERE, type Outgoing, type Place } from "./incoming.js";
import { type Routable, Router, refused } from "./router.js";
import type { ClientInfo } from "./types.js";

/** Answers web requests. Never rejects. */
export type FetchHandler = (request: Request, info?: ClientInfo) => Promise<Response>;

/**
 * Makes a fetch handler of endpoints, for every platform that speaks `Request` and `Response`. What no endpoint takes
 * is answered 404, or 405 with `Allow`.
 *
 * @param endpoints may be a router that endpoints are added to later
 * @param place what handlers get as `ctx` and `use`
 */
export function toFetch(endpoints: Iterable<Routable> | Router, place: Place = HERE): FetchHandler {
  const router = endpoints instanceof Router ? endpoints : new Router(endpoints);
  return async (request, info) => {
    const incoming = new FetchIncoming(request, info?.remoteAddress);
    const answer = router.serve(incoming, place) ?? refused(incoming, "not_found");
    return toResponse(request.method, answer instanceof Promise ? await answer : answer);
  };
}

/** An answer as a web `Response`. */
export function toResponse(method: string, { status, headers, body }: Outgoing): Response {
  if (method !== "HEAD") return new Response(body as BodyInit | null, { status, headers });
  if (body instanceof ReadableStream) body.cancel().catch(() => undefined);
  else if (body !== null) {
    const length = typeof body === "string" ? new TextEncoder().encode(body).length : body.length;
    headers.push(["content-length", String(length)]);
  }
  return new Response(null, { status, headers });
}
