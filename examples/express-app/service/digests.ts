import { type Endpoint, KeelsonError } from "keelson";
import { z } from "zod";
import { type ShopKit, trustProxy } from "./kit.js";
import { endpoints } from "./objectives.js";
import type { Find } from "./search.js";
import { sessions } from "./sessions.js";

const wanted = z.object({ topics: z.array(z.string().trim().min(1).max(100)).min(1).max(5) });
const order = wanted.extend({ owner: z.string() });
const digest = z.array(z.object({ topic: z.string(), titles: z.array(z.string()) }));

/**
 * `POST /api/digests`: what there is on some topics. It takes a while, so it is a job: whichever process has time does it,
 * and one that dies in the middle leaves it to another. `GET /api/digests/:id` tells what became of it.
 */
export function digestEndpoints(kit: ShopKit, find: Find): Endpoint[] {
  const { SESSION_SECRET, CHAT_ORIGINS } = kit.knobs;
  const jobs = kit.queue("digests", {
    lease: (k) => k.DIGEST_LEASE_MS,
    ttl: "10m",
    concurrency: 2,
    poll: "200ms",
    jobs: {
      digest: kit.job({ input: order, output: digest, maxQueued: (k) => k.DIGEST_QUEUE_MAX, saturated: "rate_limit" }),
    },
  });
  jobs.handle({
    digest: ({ topics }, { signal, context }) =>
      Promise.all(
        topics.map(async (topic) => {
          const hits = await find(topic, { signal, context });
          return { topic, titles: hits.map(({ title }) => title) };
        }),
      ),
  });
  jobs.process();

  const requests = kit.limiter("digests", { algorithm: "gcra", limit: 600, per: "1m" });
  const guarded = {
    origins: CHAT_ORIGINS,
    auth: sessions(SESSION_SECRET),
    limits: [{ limiter: requests, by: "client" }],
    trustProxy: trustProxy(kit),
  } as const;
  return [
    kit.endpoint({
      ...guarded,
      name: "digests",
      slo: endpoints.digests,
      method: "POST",
      path: "/api/digests",
      body: wanted,
      maxBytes: "4kb",
      handler: async ({ body, principal, context }) => {
        const { id } = await jobs.enqueue("digest", { ...body, owner: principal.id }, { context });
        return Response.json({ id }, { status: 202, headers: { location: `/api/digests/${id}` } });
      },
    }),
    kit.endpoint({
      ...guarded,
      name: "digest",
      method: "GET",
      path: "/api/digests/:id",
      handler: async ({ params, principal }) => {
        const job = await jobs.get(params.id);
        const own = order.safeParse(job?.input);
        if (job === undefined || own.data?.owner !== principal.id) throw new KeelsonError("not_found");
        return { state: job.state, attempt: job.attempt, digest: job.result ?? null };
      },
    }),
  ];
}
