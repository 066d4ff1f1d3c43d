import { describe, expect, it } from "vitest";
import { z } from "zod";
import { KeelsonError } from "../../../core/errors.js";
import type { Signed, WebhookVerifier } from "../../webhooks/verifier.js";
import { CountingLimiter, jsonInit, serving } from "../fixtures.js";

/** Takes bodies whose length is in the header. */
const byLength: WebhookVerifier = {
  name: "length",
  async verify({ header, body, now }: Signed) {
    if (header("x-length") !== String(body.length)) throw new KeelsonError("unauthenticated");
    return { id: "msg_1", timestamp: now };
  },
};
const handler = (({ verified, rawBody, body }: { verified: object; rawBody: Uint8Array; body: unknown }) => ({
  verified,
  raw: new TextDecoder().decode(rawBody),
  body: body ?? "not parsed",
})) as (call: never) => object;

describe("the signature guard", () => {
  it("verifies the bytes as they came, and hands on what they vouch for", async () => {
    const { ask, clock } = serving({ signature: byLength, handler });
    const response = await ask({ body: '{ "a":1 }', headers: { "x-length": "9" } });
    expect(await response.json()).toEqual({
      verified: { id: "msg_1", timestamp: clock.wall() },
      raw: '{ "a":1 }',
      body: "not parsed",
    });
  });

  it("refuses before anything is parsed", async () => {
    const { ask, settled } = serving({ signature: byLength, body: z.object({}), handler });
    const response = await ask({ body: "{not json", headers: { "content-type": "application/json", "x-length": "1" } });
    expect([response.status, settled[0]?.guard]).toEqual([401, "signature"]);
  });

  it("counts what it refuses where failures are limited", async () => {
    const { ask } = serving({ signature: byLength, authFailures: new CountingLimiter("failures", 1), handler });
    const right = { body: "{}", headers: { "x-length": "2" } };
    const statuses = [(await ask(right)).status, (await ask(jsonInit({}))).status, (await ask(right)).status];
    expect(statuses).toEqual([200, 401, 429]);
  });

  it("is named in the surface", () => {
    expect(serving({ signature: byLength }).endpoint.surface()).toMatchObject({
      signature: "length",
      maxBytes: 65_536,
    });
  });
});
