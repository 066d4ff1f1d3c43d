import { describe, expect, it } from "vitest";
import { z } from "zod";
import { KeelsonError } from "../../core/errors.js";
import type { WebhookVerifier } from "../webhooks/verifier.js";
import { CountingLimiter, serving, watchedBody } from "./fixtures.js";

const badSignature: WebhookVerifier = {
  name: "never",
  verify: () => Promise.reject(new KeelsonError("unauthenticated")),
};

/**
 * What is wrong with the request or stands in its way, in the order of the guards; each has what mends it. A request
 * in which everything from one on is wrong must get the answer of the first.
 */
const FAULTS = [
  { guard: "origin", status: 403 },
  { guard: "query", status: 414 },
  { guard: "content-type", status: 415 },
  { guard: "content-length", status: 413 },
  { guard: "limit:client", status: 429 },
  { guard: "auth", status: 401 },
  { guard: "limit", status: 429 },
  { guard: "body", status: 413 },
  { guard: "signature", status: 401 },
  { guard: "decode", status: 400 },
  { guard: "schema:params", status: 400 },
  { guard: "schema:query", status: 400 },
  { guard: "schema:headers", status: 400 },
  { guard: "schema:body", status: 400 },
  { guard: "handler", status: 500 },
] as const;

/** A request in which everything is in order up to the guard at `index`, and everything from there on is wrong. */
function faulty(index: number) {
  const fine = (guard: (typeof FAULTS)[number]["guard"]) => FAULTS.findIndex((fault) => fault.guard === guard) < index;
  const text = !fine("body") ? "x".repeat(200) : !fine("decode") ? "{" : fine("schema:body") ? '{"text":"a"}' : "{}";
  const { seen, init } = watchedBody([text]);
  const { ask, endpoint, settled } = serving({
    path: "/things/:id",
    origins: ["https://shop.example"],
    maxQueryBytes: 20,
    maxBytes: 100,
    params: fine("schema:params") ? z.object({}) : z.object({ id: z.uuid() }),
    query: fine("schema:query") ? z.object({}) : z.object({ page: z.string() }),
    headers: fine("schema:headers") ? z.object({}) : z.object({ "x-page": z.string() }),
    body: z.object({ text: z.string() }),
    limits: [
      { limiter: new CountingLimiter("client", fine("limit:client") ? 1 : 0), by: "client" },
      { limiter: new CountingLimiter("principal", fine("limit") ? 1 : 0), by: () => "ann" },
    ],
    auth: () => (fine("auth") ? { id: "ann" } : null),
    signature: fine("signature") ? { name: "always", verify: async () => ({}) } : badSignature,
    handler: () => Promise.reject(new Error("no")),
  });
  const headers = {
    origin: fine("origin") ? "https://shop.example" : "https://evil.example",
    "content-type": fine("content-type") ? "application/json" : "text/plain",
    ...(!fine("content-length") && { "content-length": "101" }),
  };
  const path = `/things/7?${fine("query") ? "" : "x".repeat(21)}`;
  return { asked: ask({ path, ...init, headers }), seen, endpoint, settled };
}

describe("the order of the guards", () => {
  it.each(FAULTS.map((fault, index) => ({ ...fault, index })))(
    "$guard answers $status before anything after it",
    async ({ guard, status, index }) => {
      const { asked, settled, seen } = faulty(index);
      expect((await asked).status).toBe(status);
      expect(settled.map((event) => event.guard)).toEqual([guard]);
      const readsBody = index >= FAULTS.findIndex((fault) => fault.guard === "body");
      expect(seen.pulled > 0).toBe(readsBody);
    },
  );

  it("is what the endpoint says of itself", () => {
    expect([...faulty(0).endpoint.guards, "handler"]).toEqual(FAULTS.map(({ guard }) => guard));
  });
});
