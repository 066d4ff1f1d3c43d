/** The services that the overload suite compares: Express with the same handler, guarded differently. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import express, { type RequestHandler } from "express";
import overloadProtection from "overload-protection";
import toobusy from "toobusy-js";
import { mount } from "../src/adapters/express/mount.js";
import { eventLoopDelay, frontDoor } from "../src/adapters/node/index.js";
import { anonymous, createKit, unlimited } from "../src/index.js";

/** Work that keeps the processor busy: so many rounds of it. */
function spin(rounds: number): number {
  let state = 1;
  for (let i = 0; i < rounds; i++) state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
  return state;
}

/** Rounds that take a millisecond of this processor: CPU time, so that what else runs here doesn't count. */
function roundsPerMs(): number {
  spin(20_000_000);
  const rounds = 200_000_000;
  const before = process.cpuUsage();
  spin(rounds);
  const { user, system } = process.cpuUsage(before);
  return rounds / ((user + system) / 1000);
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** An Express service whose handler takes `ms` of the processor's time. */
function plain(ms: number, ...before: RequestHandler[]): Promise<number> {
  const rounds = Math.round(roundsPerMs() * ms);
  const app = express();
  for (const guard of before) app.use(guard);
  app.get("/work", (_, res) => void res.json({ done: spin(rounds) }));
  return listen(createServer(app));
}

/** The same as a guarded endpoint. */
function guarded(ms: number, early: boolean): Promise<number> {
  const rounds = Math.round(roundsPerMs() * ms);
  const kit = createKit({ service: "bench", overload: { loop: eventLoopDelay() } });
  const work = kit.endpoint({
    name: "work",
    method: "GET",
    path: "/work",
    auth: anonymous("a benchmark"),
    limits: unlimited("a benchmark"),
    handler: () => ({ done: spin(rounds) }),
  });
  const app = express();
  app.use(mount(work));
  const server = createServer(app);
  return listen(early ? frontDoor(kit, server) : server);
}

export const services = {
  "express alone": (ms: number) => plain(ms),
  "toobusy-js 0.5": (ms: number) => plain(ms, (_, res, next) => void (toobusy() ? res.status(503).end() : next())),
  "overload-protection 1": (ms: number) => plain(ms, overloadProtection("express", { production: true })),
  "keelson, in its endpoint": (ms: number) => guarded(ms, false),
  "keelson, front door": (ms: number) => guarded(ms, true),
};
