import { z } from "zod";
import { anonymous, createKit } from "../src/index.js";

/** What the services that are compared take and give back. */
export const schema = z.object({ text: z.string().min(1).max(4000), page: z.number().int().min(1) });

/** An endpoint that echoes its body, with every guard that needs no credentials. */
export function keelson() {
  const kit = createKit({ service: "bench" });
  const perClient = kit.limiter("client", { algorithm: "gcra", limit: 1_000_000, per: "1m" });
  const echo = kit.endpoint({
    name: "echo",
    method: "POST",
    path: "/echo",
    body: schema,
    auth: anonymous("a benchmark"),
    limits: [{ limiter: perClient, by: "client" }],
    handler: ({ body }) => body,
  });
  return { kit, echo };
}
