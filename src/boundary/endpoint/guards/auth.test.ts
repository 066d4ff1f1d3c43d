import { describe, expect, it } from "vitest";
import { KeelsonError } from "../../../core/errors.js";
import { unlimited } from "../../declare.js";
import { CountingLimiter, serving } from "../fixtures.js";
import type { Entry } from "../types.js";

const handler = (({ principal }: { principal: unknown }) => ({ principal })) as (call: never) => object;
const session = (({ header }: Entry) => (header("Authorization") === "Bearer ok" ? { id: "ann" } : null)) as (
  call: never,
) => unknown;
const good = { headers: { authorization: "Bearer ok" } };

describe("the auth guard", () => {
  it("hands the principal on, at once or later", async () => {
    expect(await (await serving({ auth: session, handler }).ask(good)).json()).toEqual({ principal: { id: "ann" } });
    const later = serving({ auth: async (entry: never) => session(entry), handler });
    expect(await (await later.ask(good)).json()).toEqual({ principal: { id: "ann" } });
  });

  it("hands on that there is none where anyone may call", async () => {
    expect(await (await serving({ handler }).ask()).json()).toEqual({ principal: null });
  });

  it.each([null, undefined, false])("takes %j for nobody, and says how to authenticate", async (nobody) => {
    const response = await serving({ auth: () => nobody, challenge: 'Bearer realm="shop"' }).ask();
    expect([response.status, (await response.json()).code]).toEqual([401, "unauthenticated"]);
    expect(response.headers.get("www-authenticate")).toBe('Bearer realm="shop"');
  });

  it("passes on what auth refuses with", async () => {
    const { ask } = serving({
      auth: () => {
        throw new KeelsonError("forbidden", "not yours");
      },
    });
    const response = await ask();
    expect([response.status, response.headers.get("www-authenticate")]).toEqual([403, null]);
  });

  it("does not take a failure of its own for bad credentials", async () => {
    const down = serving({ auth: () => Promise.reject(new Error("password column missing")) });
    const response = await down.ask();
    expect([response.status, await response.text()]).toEqual([500, expect.not.stringContaining("password")]);
  });

  it.each(["ERR_JWT_EXPIRED", "ERR_JWS_SIGNATURE_VERIFICATION_FAILED", "ERR_JWKS_NO_MATCHING_KEY"])(
    "takes jose's %s for bad credentials",
    async (code) => {
      const { ask } = serving({ auth: async () => Promise.reject(Object.assign(new Error("jose"), { code })) });
      expect((await ask()).status).toBe(401);
    },
  );

  it("does not take a key server that is down for bad credentials", async () => {
    const { ask } = serving({
      auth: () => Promise.reject(Object.assign(new Error("jose"), { code: "ERR_JWKS_TIMEOUT" })),
    });
    expect((await ask()).status).toBe(500);
  });
});

describe("failed auth", () => {
  it("is counted by client, and success is not", async () => {
    const limiter = new CountingLimiter("failures", 2);
    const { ask } = serving({ auth: session, authFailures: limiter, handler });
    await ask(good);
    await ask();
    expect(limiter.asked).toEqual(["unknown:peek", "unknown:peek", "unknown:1"]);
  });

  it("past the limit keeps even right credentials from being looked at", async () => {
    for (const later of [false, true]) {
      const { ask, settled } = serving({
        auth: session,
        authFailures: new CountingLimiter("failures", 2, "store", later),
        handler,
      });
      const statuses = [(await ask()).status, (await ask()).status];
      const refused = await ask(good);
      expect([...statuses, refused.status]).toEqual([401, 401, 429]);
      expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
      expect(settled.at(-1)).toMatchObject({ guard: "auth", code: "rate_limit" });
    }
  });

  it("keeps nobody out whose address is another", async () => {
    const { ask } = serving({ auth: session, authFailures: new CountingLimiter("failures", 1), handler });
    await ask({}, { remoteAddress: "203.0.113.9" });
    expect((await ask(good, { remoteAddress: "203.0.113.9" })).status).toBe(429);
    expect((await ask(good, { remoteAddress: "203.0.113.10" })).status).toBe(200);
  });

  it("is not counted when auth itself failed", async () => {
    const limiter = new CountingLimiter("failures", 2);
    const { ask } = serving({ auth: () => Promise.reject(new Error("database")), authFailures: limiter });
    await ask();
    expect(limiter.asked).toEqual(["unknown:peek"]);
  });

  it("is refused with 503 when the count must not be missed and is", async () => {
    const { ask } = serving({ auth: session, authFailures: new CountingLimiter("failures", 2, "closed"), handler });
    expect((await ask(good)).status).toBe(503);
  });

  it("is limited by itself where no limit is by client, and not where one is or it is said not to be", async () => {
    const statuses = async (options: object) => {
      const { ask } = serving({ auth: session, ...options });
      const seen = new Set<number>();
      for (let call = 0; call < 40; call++) seen.add((await ask()).status);
      return [...seen];
    };
    expect(await statuses({})).toEqual([401, 429]);
    expect(await statuses({ limits: [{ limiter: new CountingLimiter("l", 99), by: () => "x" }] })).toEqual([401, 429]);
    expect(await statuses({ limits: [{ limiter: new CountingLimiter("l", 99), by: "client" }] })).toEqual([401]);
    expect(await statuses({ authFailures: unlimited("internal network") })).toEqual([401]);
  });
});
