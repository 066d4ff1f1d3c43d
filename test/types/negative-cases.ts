/** What the compiler has to refuse. An expectation that is no longer needed is an error itself. */
import { z } from "zod";
import { type Auth, anonymous, createKit, type Store, unlimited } from "../../src/index.js";
import { type Eq, is, kit, linkCodes, tools, unbound, unboundTools } from "./tour.js";

declare const session: Auth<{ id: string }>;
declare const query: Store<"read">;

const l = kit.limiter("l", { algorithm: "gcra", limit: 3, per: "1s" });
kit.endpoint({
  name: "a",
  method: "GET",
  path: "/a",
  auth: anonymous("health"),
  limits: unlimited("health"),
  handler: ({ body, principal }) => {
    is<Eq<typeof principal, null>>();
    is<Eq<typeof body, undefined>>();
    return new Response();
  },
});
const get = { name: "a", method: "GET", path: "/a", handler: () => new Response() } as const;
// @ts-expect-error empty limits
kit.endpoint({ ...get, auth: session, limits: [] });
// @ts-expect-error missing auth
kit.endpoint({ ...get, limits: unlimited("x") });
// @ts-expect-error the principal has no org
kit.endpoint({ ...get, auth: session, limits: [{ limiter: l, by: (c) => c.principal.org }] });
// @ts-expect-error an objective that nobody owns
kit.endpoint({ ...get, auth: session, limits: unlimited("x"), slo: { objective: 0.9, runbook: "a.md" } });
const slo = { objective: 0.9, owner: "a", runbook: "a.md" };
const alert = { threshold: 1, long: "1h", short: "5m" } as const;
// @ts-expect-error no such severity
kit.upstream("u", { slo: { ...slo, alerts: [{ ...alert, severity: "mail" }] } });
// @ts-expect-error not a duration
kit.limiter("m", { algorithm: "gcra", limit: 3, per: "1 sec" });
// @ts-expect-error no such knob
kit.limiter("m", { algorithm: "gcra", limit: (k) => k.NOPE, per: "1s" });
// @ts-expect-error no such algorithm
kit.limiter("m", { algorithm: "leaky", limit: 3, per: "1s" });
// @ts-expect-error no fetch on a kit without a place
unbound.fetch(new Request("http://x"));
// @ts-expect-error nor a snapshot
unbound.snapshot();
// @ts-expect-error a definition without a place can't be used
linkCodes.check("a");
// @ts-expect-error a query can't take
unbound.using(query).use(linkCodes).check("a");
// @ts-expect-error a service has a name
createKit({});

const input = z.object({ q: z.string() });
// @ts-expect-error neither run nor output
kit.job({ input });
// @ts-expect-error wrong job result
unboundTools.handle({ search_web: async () => [1] });
// @ts-expect-error unhandled
unboundTools.handle({});
// @ts-expect-error no such job
tools.enqueue("search", { q: "x" });
// @ts-expect-error wrong input
tools.enqueue("search_web", { q: 1 });
// @ts-expect-error a wait needs an end
tools.enqueueAndWait("search_web", { q: "x" }, {});
// @ts-expect-error it was given its handler where it was defined
tools.handle({ search_web: () => [], count: () => "1" });
// @ts-expect-error an unbound queue takes nothing in
unboundTools.enqueue("search_web", { q: "x" });
// @ts-expect-error a query can't enqueue
unbound.using(query).use(unboundTools).enqueue("search_web", { q: "x" });
