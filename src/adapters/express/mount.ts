import type { RequestHandler } from "express";
import type { Endpoint } from "../../boundary/endpoint/endpoint.js";
import { Router } from "../../boundary/endpoint/router.js";
import { NodeIncoming } from "./node-incoming.js";
import { send } from "./send.js";

/**
 * Mounts endpoints in Express 5: `app.use(mount(chat, webhook))`. Their paths are below where they are mounted. Put it
 * before `express.json()` and the like: endpoints read bodies themselves. Requests for other paths go on to the next
 * handler; a wrong method on a path of theirs is answered 405.
 *
 * @throws {ConfigError} when two endpoints have the same method and path
 */
export function mount(...endpoints: readonly Endpoint[]): RequestHandler {
  const router = new Router(endpoints);
  return (req, res, next) => {
    const incoming = new NodeIncoming(req, res);
    const answer = router.serve(incoming);
    if (answer === undefined) next();
    else if (answer instanceof Promise) void answer.then((settled) => send(incoming, settled));
    else send(incoming, answer);
  };
}
