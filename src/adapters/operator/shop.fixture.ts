/** A service with something to look at: endpoints, an upstream that fails on demand, limits, a cache and a queue. */
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import express from "express";
import { z } from "zod";
import { anonymous, unlimited } from "../../boundary/declare.js";
import { knob } from "../../boundary/knobs/knob.js";
import { KeelsonError } from "../../core/errors.js";
import { createKit } from "../../kit/kit.js";
import { faultyUpstream } from "../../testing/faulty-upstream/faulty-upstream.js";
import { mount } from "../express/mount.js";
import { processUsage } from "../node/process-usage.js";
import { operator } from "./operator.js";

export const TOKEN = "for-this-test-alone";

/** Who asks for a code to link a phone: the first again and again. */
export const PHONES = ["+15550100", "+15550100", "+15550100", "+15550101", "+15550102"] as const;

/** Starts it; everything in it can be ended with `close`. */
export async function startShop() {
  const search = await faultyUpstream({ handler: () => Response.json({ hits: [] }) });
  const kit = createKit({
    service: "shop-assistant",
    process: processUsage({ over: "1s" }),
    env: {},
    knobs: {
      CHAT_MAX: knob.int({ default: 2000, min: 1, describe: "chat turns a minute" }),
      SEARCH_KEY: knob.text({ default: "hidden", secret: true, describe: "of the search" }),
      SEARCH_TTL: knob.duration({ default: "5m", describe: "how long pages are kept" }),
    },
  });
  const slo = { objective: 0.99, owner: "assistant", runbook: "docs/runbooks/search-down.md" };
  const searching = kit.upstream("search", {
    slo,
    timeout: "2s",
    retry: { attempts: 2, backoff: "20ms" },
    breaker: { minimumCalls: 10, window: "10s", openFor: "4s" },
    bulkhead: { maxConcurrent: 16, maxQueue: 32 },
  });
  const model = kit.upstream("model", { timeout: "2s", breaker: {}, bulkhead: { maxConcurrent: 8, maxQueue: 16 } });
  const paying = kit.breaker("payments", { minimumCalls: 3, window: "10s", openFor: "4s" });
  kit.bulkhead("reports", { maxConcurrent: 4, maxQueue: 8 });
  kit.sharedBulkhead("printers", { maxConcurrent: 2 });
  const turns = kit.limiter("chat", { algorithm: "gcra", limit: (k) => k.CHAT_MAX, per: "1m" });
  const pages = kit.cache("pages", { ttl: "1s" });
  const mail = kit.queue("mail", {
    poll: "500ms",
    jobs: {
      receipt: kit.job({
        input: z.object({ to: z.string() }),
        maxQueued: 40,
        maxRunning: 1,
        attempts: 1,
        run: ({ to }) => sent(to),
      }),
    },
  });
  mail.process();
  const chat = kit.endpoint({
    name: "chat",
    slo: { ...slo, objective: 0.999, runbook: "https://shop.example/runbooks/chat" },
    method: "POST",
    path: "/api/chat",
    auth: anonymous("a test"),
    limits: [{ limiter: turns, by: "client" }],
    handler: async () => {
      await model.run(() => Promise.resolve("hello"));
      const response = await searching.fetch(`${search.url}/search`);
      if (!response.ok) throw new KeelsonError("upstream_bad_status");
      return { text: await response.text() };
    },
  });
  const codes = kit.limiter("codes", { algorithm: "sliding-log", limit: 5, per: "10m", onStoreFailure: "closed" });
  const link = kit.endpoint({
    name: "link",
    method: "POST",
    path: "/api/link",
    auth: anonymous("a test"),
    limits: [{ limiter: codes, by: ({ header }) => header("x-phone") ?? "nobody" }],
    handler: () => ({ sent: true }),
  });
  const page = kit.endpoint({
    name: "pages",
    slo: { ...slo, objective: 0.995 },
    method: "GET",
    path: "/api/pages/:id",
    auth: anonymous("a test"),
    limits: unlimited("a test"),
    handler: async ({ params }) => ({ page: await pages.read(params.id, () => Promise.resolve(`page ${params.id}`)) }),
  });

  let visits = 0;
  let streams = true;
  const streaming = new Set<Socket>();
  const ops = operator(kit, { auth: operators, login: "token", every: "250ms" });
  const app = express();
  app.use(mount(chat, page, link));
  app.use("/ops/stream", ({ socket }, res, next) => {
    if (!streams) {
      res.status(503).end();
      return;
    }
    streaming.add(socket);
    socket.once("close", () => streaming.delete(socket));
    next();
  });
  app.use("/ops", ops);
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    kit,
    url,
    search,
    ops,
    mail,
    paying,
    /** Streams are cut, and no new ones opened, or they can be had again. */
    cutStreams: (cut: boolean) => {
      streams = !cut;
      // (Customers' connections stay: who is cut off stops shopping.)
      if (cut) for (const socket of streaming) socket.destroy();
    },
    /** Asks for a few things, as customers do. */
    customers: async (many: number) => {
      const phone = PHONES[visits++ % PHONES.length] as string;
      const sent = await fetch(`${url}/api/link`, { method: "POST", headers: { "x-phone": phone } });
      await sent.body?.cancel();
      await Promise.all(
        Array.from({ length: many }, async (_, at) => {
          const answer = await (at % 2 === 0
            ? fetch(`${url}/api/chat`, { method: "POST" })
            : fetch(`${url}/api/pages/${at % 7}`));
          await answer.body?.cancel();
        }),
      );
    },
    close: async () => {
      await kit.close({ drain: 100 });
      await closed(server);
      await search.close();
    },
  };
}

function operators({ header }: { header(name: string): string | null }): { name: string } {
  if (header("authorization") !== `Bearer ${TOKEN}`) throw new KeelsonError("unauthenticated");
  return { name: "ada" };
}

async function sent(to: string): Promise<void> {
  if (to === "nobody") throw new Error("nobody is there");
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
