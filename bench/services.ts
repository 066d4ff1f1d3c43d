/** The services that the HTTP suite compares: the same echo, guarded alike. Each listens on loopback. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { rateLimit } from "express-rate-limit";
import { mount } from "../src/adapters/express/mount.js";
import { keelson, schema } from "./echo.js";

const LIMIT = 1_000_000_000;

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** Serves an endpoint by Express. */
export function expressWith(endpoint: ReturnType<typeof keelson>["echo"]): Promise<number> {
  const app = express();
  app.use(mount(endpoint));
  return listen(createServer(app));
}

export const services = {
  "express + keelson": () => expressWith(keelson().echo),
  "express + json + zod + express-rate-limit": () => {
    const app = express();
    app.post("/echo", rateLimit({ windowMs: 60_000, limit: LIMIT }), express.json({ limit: "64kb" }), (req, res) => {
      const parsed = schema.safeParse(req.body);
      if (parsed.success) res.json(parsed.data);
      else res.status(400).json({ issues: parsed.error.issues });
    });
    return listen(createServer(app));
  },
};
