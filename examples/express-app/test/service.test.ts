import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { KnobError } from "keelson";
import { snapshotSchema } from "keelson/schema";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ShopKit } from "../service/kit.js";
import { createService } from "../service/service.js";
import { sessionToken } from "../service/session-token.js";
import { type StandIns, startStandIns } from "../stand-ins/stand-ins.js";

let standIns: StandIns;
let kit: ShopKit;
let server: Server;
let url: string;
let ready = true;

beforeEach(async () => {
  ready = true;
  standIns = await startStandIns();
  const service = createService(standIns.env, () => ready);
  kit = service.kit;
  server = service.app.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  await kit.close();
  server.closeAllConnections();
  server.close();
  await standIns.close();
});

const chat = async (message: string) =>
  fetch(`${url}/api/chat`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      origin: "https://shop.example",
      authorization: `Bearer ${await sessionToken(standIns.env.SESSION_SECRET, "ada")}`,
    },
    body: JSON.stringify({ message }),
  });
const asOperator = (path: string) =>
  fetch(url + path, { headers: { authorization: `Bearer ${standIns.env.OPERATOR_TOKEN}` } });

describe("the shopping assistant", () => {
  it("answers with what the search found", async () => {
    const response = await chat("a tent");
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      text: expect.stringContaining("a tent: on sale"),
      sources: [{ title: "a tent: buyer's guide" }, {}, {}],
      missing: [],
    });
  });

  it("sends keys to those they are for, and to nobody else", async () => {
    await chat("a tent");
    expect(standIns.openRouter.counts().byStatus).toEqual({ 200: 2 });
    expect(standIns.serper.counts().byStatus).toEqual({ 200: 1 });
    expect(standIns.whatsApp.counts().requests).toBe(0);
  });

  it("makes a digest as a job, and shows it to who ordered it", async () => {
    const as = async (user: string) => ({
      "content-type": "application/json",
      authorization: `Bearer ${await sessionToken(standIns.env.SESSION_SECRET, user)}`,
    });
    const ordered = await fetch(`${url}/api/digests`, {
      method: "POST",
      headers: await as("ada"),
      body: JSON.stringify({ topics: ["tents", "chairs"] }),
    });
    expect(ordered.status).toBe(202);
    const path = ordered.headers.get("location") ?? "";
    const look = async (user: string) => fetch(url + path, { headers: await as(user) });
    let job = (await (await look("ada")).json()) as { state: string; digest: unknown };
    while (job.state === "queued" || job.state === "running") job = await (await look("ada")).json();
    expect(job).toMatchObject({ state: "succeeded", digest: [{ topic: "tents" }, { topic: "chairs" }] });
    expect((await look("bob")).status).toBe(404);
  });

  it("shows operators a snapshot that matches its schema, and no secrets", async () => {
    await chat("a tent");
    const text = await (await asOperator("/ops/snapshot")).text();
    const snapshot = snapshotSchema.parse(JSON.parse(text));
    expect(snapshot.upstreams.openrouter).toMatchObject({ successes: 2, breaker: { state: "closed" } });
    expect(snapshot.process?.rssBytes).toBeGreaterThan(1e6);
    expect(snapshot.surface).toHaveLength(17);
    const { SESSION_SECRET, OPERATOR_TOKEN, OPENROUTER_API_KEY, WHATSAPP_APP_SECRET } = standIns.env;
    for (const secret of [SESSION_SECRET, OPERATOR_TOKEN, OPENROUTER_API_KEY, WHATSAPP_APP_SECRET])
      expect(text).not.toContain(secret);
  });

  it("shows operators its surface as a table, and nobody else", async () => {
    expect(await (await asOperator("/ops/surface")).text()).toContain("| POST /api/chat | chat | session |");
    expect((await fetch(`${url}/ops/surface`)).status).toBe(401);
    expect((await fetch(`${url}/ops/snapshot`, { headers: { authorization: "Bearer guess" } })).status).toBe(401);
  });

  it("tells operators what happened lately, from where they left off", async () => {
    await fetch(`${url}/api/chat`, { method: "POST", headers: { origin: "https://evil.example" } });
    const events = (await (await asOperator("/ops/events")).json()) as { seq: number; detail: object }[];
    expect(events).toEqual([
      {
        seq: 1,
        at: expect.any(Number),
        type: "endpoint.settled",
        name: "chat",
        detail: { status: 403, code: "forbidden", guard: "origin" },
      },
    ]);
    expect(await (await asOperator("/ops/events?after=1")).json()).toEqual([]);
  });

  it("turns unready when it is told to stop, and stays alive", async () => {
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    ready = false;
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  it("answers what is nowhere with a problem", async () => {
    const response = await fetch(`${url}/nowhere`);
    expect(response.status).toBe(404);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toMatchObject({ code: "not_found" });
  });

  it("doesn't start with settings it can't use, and names them all", () => {
    const start = () => createService({ ...standIns.env, SESSION_SECRET: "short", PORT: "http" });
    expect(start).toThrow(KnobError);
    expect(start).toThrow(/PORT: got "http"[\s\S]*SESSION_SECRET/);
    expect(start).not.toThrow(/short/);
  });
});
