import { EventEmitter, once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { anonymous, unlimited } from "../../boundary/declare.js";
import { createKit } from "../../kit/kit.js";
import type { DoorRequest } from "../../kit/types.js";
import { mount } from "../express/mount.js";
import { type Doorkeeper, frontDoor } from "./front-door.js";
import { eventLoopDelay } from "./loop-delay.js";

let listening: Server | undefined;
afterEach(async () => {
  listening?.closeAllConnections();
  await new Promise((resolve) => listening?.close(resolve) ?? resolve(undefined));
  listening = undefined;
});

/** An Express service with an endpoint, a health check and a route of its own, all behind a front door. */
async function service() {
  const kit = createKit({ service: "shop", overload: { loop: eventLoopDelay() } });
  const seen: string[] = [];
  const open = { auth: anonymous("a test"), limits: unlimited("a test") } as const;
  const things = kit.endpoint({
    ...open,
    name: "things",
    method: "POST",
    path: "/things/:id",
    body: z.object({ text: z.string() }),
    handler: ({ body, params }) => ({ ...body, ...params }),
  });
  const health = kit.endpoint({
    ...open,
    name: "health",
    method: "GET",
    path: "/health",
    sheddable: false,
    handler: () => ({ ok: true }),
  });
  const app = express();
  app.use((req, _, next) => {
    seen.push(req.path);
    next();
  });
  app.post("/things/early", (_, res) => void res.send("early"));
  app.use(mount(things, health));
  app.get("/other", (_, res) => void res.send("other"));
  const server = frontDoor(kit, createServer(app));
  listening = server;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const ask = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init);
  const post = (path: string, text = "a") =>
    ask(path, { method: "POST", body: JSON.stringify({ text }), headers: { "content-type": "application/json" } });
  return { kit, seen, ask, post };
}

describe("a front door", () => {
  it("lets in, asks once, and notices whoever left", async () => {
    const { kit, post } = await service();
    expect(await (await post("/things/7?page=2")).json()).toEqual({ id: "7", text: "a" });
    expect(kit.overload.snapshot()).toMatchObject({ admitted: 1, inFlight: 0 });
  });

  it("refuses with a problem and Retry-After before the framework has seen the request", async () => {
    const { kit, post, seen } = await service();
    kit.overload.shedBelow("high");
    const answer = await post("/things/7", "x".repeat(50_000));
    expect([answer.status, answer.headers.get("content-type")]).toEqual([503, "application/problem+json"]);
    const retryAfter = Number(answer.headers.get("retry-after"));
    expect(retryAfter).toBeGreaterThanOrEqual(1);
    expect(await answer.json()).toMatchObject({ code: "unavailable", status: 503, retryAfter });
    expect(seen).toEqual([]);
    kit.overload.shedBelow(null);
    expect((await post("/things/7")).status).toBe(200);
    expect(kit.overload.snapshot()).toMatchObject({ inFlight: 0, shed: { normal: 1 }, reasons: { manual: 1 } });
  });

  it("closes the connection of a refused request whose body may be long", async () => {
    const { kit, ask } = await service();
    kit.overload.shedBelow("high");
    const answer = await ask("/things/7", {
      method: "POST",
      body: new Blob(["x"]).stream(),
      ...({ duplex: "half" } as object),
    });
    expect([answer.status, answer.headers.get("connection")]).toEqual([503, "close"]);
  });

  it("never refuses what is not sheddable, nor what is no endpoint", async () => {
    const { kit, ask } = await service();
    kit.overload.shedBelow("critical");
    expect([(await ask("/health")).status, (await ask("/other")).status, (await ask("/nothing")).status]).toEqual([
      200, 200, 404,
    ]);
  });

  it("gives back what it took for a request that something else has answered", async () => {
    const { kit, post } = await service();
    expect(await (await post("/things/early")).text()).toBe("early");
    // The next one's answer comes after the first connection's end was heard.
    await (await post("/things/7")).text();
    expect(kit.overload.snapshot()).toMatchObject({ admitted: 2, inFlight: 0 });
  });

  it("asks for nobody who has gone away, and says how long the others have waited", async () => {
    const server = new EventEmitter();
    const heard: string[] = [];
    server.on("request", ({ url }: { url: string }) => void heard.push(url));
    const asked: DoorRequest[] = [];
    const kit = { door: (request: DoorRequest) => void asked.push(request) };
    frontDoor(kit as Doorkeeper, server as unknown as Server);
    server.emit("request", { url: "/gone?a=1", destroyed: true, headers: {} }, { destroyed: false });
    server.emit("request", { url: "/here?a=1", destroyed: false, headers: {} }, { destroyed: false });
    expect(heard).toEqual([]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(heard).toEqual(["/here?a=1"]);
    expect(asked).toMatchObject([{ method: "GET", path: "/here" }]);
    expect(asked[0]?.waitedMs).toBeGreaterThanOrEqual(0);
  });

  it("lets connections in before it goes on with work, but not for ever", async () => {
    const server = new EventEmitter();
    const heard: string[] = [];
    server.on("request", ({ url }: { url: string }) => void heard.push(url));
    frontDoor({ door: () => undefined }, server as unknown as Server);
    let turns = 0;
    const connect = () => {
      server.emit("connection");
      if (heard.length === 0 && turns++ < 1000) setImmediate(connect);
    };
    connect();
    server.emit("request", { url: "/here", destroyed: false, headers: {} }, { destroyed: false });
    while (turns < 1000 && heard.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(heard).toEqual(["/here"]);
    expect(turns).toBeGreaterThan(10);
    expect(turns).toBeLessThan(100);
  });
});
