import { createHash, timingSafeEqual } from "node:crypto";
import { anonymous, type Endpoint, KeelsonError, reply, surfaceMarkdown, surfaceMatrix, unlimited } from "keelson";
import { z } from "zod";
import { type ShopKit, trustProxy } from "./kit.js";
import { RecentEvents } from "./recent-events.js";

const after = z.object({ after: z.coerce.number().int().min(0).default(0) });

/** What operators and load balancers ask. */
export function opsEndpoints(kit: ShopKit, ready: () => boolean): Endpoint[] {
  const recent = new RecentEvents(kit);
  const common = {
    method: "GET",
    auth: operators(kit.knobs.OPERATOR_TOKEN),
    limits: [{ limiter: kit.limiter("operators", { algorithm: "gcra", limit: 600, per: "1m" }), by: "client" }],
    trustProxy: trustProxy(kit),
  } as const;
  return [
    kit.endpoint({ ...common, name: "snapshot", path: "/ops/snapshot", handler: () => kit.snapshot() }),
    kit.endpoint({
      ...common,
      name: "events",
      path: "/ops/events",
      query: after,
      handler: ({ query }) => recent.after(query.after),
    }),
    kit.endpoint({
      ...common,
      name: "surface",
      path: "/ops/surface",
      handler: () =>
        reply(200, surfaceMarkdown(surfaceMatrix(kit.surface())), { "content-type": "text/markdown; charset=utf-8" }),
    }),
    kit.endpoint({
      name: "healthz",
      method: "GET",
      path: "/healthz",
      auth: anonymous("the platform asks whether the process is alive"),
      limits: unlimited("answers from memory, and must not be refused"),
      handler: () => ({ alive: true }),
    }),
    kit.endpoint({
      name: "readyz",
      method: "GET",
      path: "/readyz",
      auth: anonymous("the load balancer asks whether to send traffic"),
      limits: unlimited("answers from memory, and must not be refused"),
      handler: () => {
        if (!ready()) throw new KeelsonError("unavailable", "Stopping");
        return { ready: true };
      },
    }),
  ];
}

/** Auth by the operators' token, compared without telling where it differs. */
export function operators(token: string) {
  const expected = digest(`Bearer ${token}`);
  return function operator({ header }: { header(name: string): string | null }): "operator" {
    if (!timingSafeEqual(digest(header("authorization") ?? ""), expected)) throw new KeelsonError("unauthenticated");
    return "operator";
  };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
