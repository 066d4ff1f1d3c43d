import { describe, expect, it } from "vitest";
import { Limiter } from "../../../primitives/limiter/limiter.js";
import { memoryStore } from "../../../stores/memory/memory-store.js";
import { CountingLimiter, serving, testRuntime } from "../fixtures.js";

const session = () => ({ id: "ann" });

describe("a limit", () => {
  it("lets through what it allows, and says so in structured fields", async () => {
    const limiter = new CountingLimiter("chat", 2);
    const { ask } = serving({ limits: [{ limiter, by: "client" }] });
    const first = await ask({}, { remoteAddress: "203.0.113.9" });
    expect(first.headers.get("ratelimit-policy")).toBe('"chat";q=2;w=60');
    expect(first.headers.get("ratelimit")).toBe('"chat";r=1;t=30');
    expect(limiter.asked).toEqual(["203.0.113.9:1"]);
  });

  it("refuses the rest with a 429 that says when to come back", async () => {
    const limiter = new CountingLimiter("chat", 0);
    const { ask, settled } = serving({ limits: [{ limiter, by: "client" }] });
    const response = await ask();
    expect(response.status).toBe(429);
    expect(response.headers.get("retry-after")).toBe("13");
    expect(response.headers.get("ratelimit")).toBe('"chat";r=0;t=13');
    expect(await response.json()).toMatchObject({
      type: "https://iana.org/assignments/http-problem-types#quota-exceeded",
      status: 429,
      code: "rate_limit",
      retryAfter: 13,
    });
    expect(settled[0]).toMatchObject({ status: 429, code: "rate_limit", guard: "limit:client" });
  });

  it("by client comes before auth, one by principal after it", async () => {
    const order: string[] = [];
    const auth = () => {
      order.push("auth");
      return session();
    };
    const limiter = new CountingLimiter("l", 9);
    const by = (key: string) => () => {
      order.push(key);
      return key;
    };
    const { ask, endpoint } = serving({
      auth,
      limits: [
        { limiter, by: by("principal") },
        { limiter, by: "client" },
      ],
    });
    await ask();
    expect(endpoint.guards.filter((name) => /limit|auth/.test(name))).toEqual(["limit:client", "auth", "limit"]);
    expect([order, limiter.asked]).toEqual([
      ["auth", "principal"],
      ["unknown:1", "principal:1"],
    ]);
  });

  it("takes what a call costs", async () => {
    const limiter = new CountingLimiter("l", 9);
    const cost = ({ query }: { query: Record<string, string> }) => Number(query.n);
    const { ask } = serving({ limits: [{ limiter, by: "client", cost: cost as (call: never) => number }] });
    await ask({ path: "/test?n=4" });
    expect(limiter.asked).toEqual(["unknown:4"]);
  });

  it.each([undefined, "", null, 7])(
    "lets nobody through on the key %j, and shows the mistake to its author",
    async (key) => {
      const limiter = new CountingLimiter("l", 9);
      const { ask, settled } = serving({ auth: session, limits: [{ limiter, by: (() => key) as () => string }] });
      const response = await ask();
      expect([response.status, limiter.asked]).toEqual([500, []]);
      expect(JSON.stringify(await response.json())).not.toContain("limits");
      expect(String(settled[0]?.error)).toContain('endpoint("test").limits[0].by');
    },
  );

  it("that has to stay closed as its store failed is a 503, never a 429", async () => {
    const { ask } = serving({ limits: [{ limiter: new CountingLimiter("l", 9, "closed"), by: "client" }] });
    const response = await ask();
    expect([response.status, (await response.json()).type]).toEqual([
      503,
      "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity",
    ]);
    expect([response.headers.get("retry-after"), response.headers.get("ratelimit")]).toEqual(["13", null]);
  });

  it("that is open as its store failed says nothing of what is left", async () => {
    const { ask } = serving({ limits: [{ limiter: new CountingLimiter("l", 9, "open"), by: "client" }] });
    const response = await ask();
    expect([response.status, response.headers.get("ratelimit")]).toEqual([200, null]);
  });

  it("whose limiter throws lets nobody through", async () => {
    const limiter = new CountingLimiter("l", 9);
    limiter.take = () => {
      throw new TypeError("no store");
    };
    expect((await serving({ limits: [{ limiter, by: "client" }] }).ask()).status).toBe(500);
  });

  it("may answer later", async () => {
    const { ask } = serving({ limits: [{ limiter: new CountingLimiter("l", 1, "store", true), by: "client" }] });
    expect([(await ask()).status, (await ask()).status]).toEqual([200, 429]);
  });
});

describe("several limits", () => {
  const two = (minute: number, hour: number) => {
    const told = testRuntime();
    const rt = { ...told.rt, store: memoryStore({ clock: told.clock }) };
    const perMinute = new Limiter("minute", { algorithm: "fixed-window", limit: minute, per: "1m" }, rt);
    const perHour = new Limiter(
      "hour",
      { algorithm: "fixed-window", limit: hour, per: "1h" },
      { ...rt, store: memoryStore({ clock: told.clock }) },
    );
    return {
      perMinute,
      perHour,
      told,
      shared: new Limiter("hour", { algorithm: "fixed-window", limit: hour, per: "1h" }, rt),
    };
  };

  it("are taken all or nothing, and each is told", async () => {
    const { perMinute, shared, told } = two(3, 1);
    const { ask } = serving(
      {
        limits: [
          { limiter: perMinute, by: "client" },
          { limiter: shared, by: "client" },
        ],
      },
      told,
    );
    const first = await ask();
    expect(first.headers.get("ratelimit-policy")).toBe('"minute";q=3;w=60, "hour";q=1;w=3600');
    const second = await ask();
    expect([second.status, (await perMinute.peek("unknown")).remaining]).toEqual([429, 2]);
    expect(Number(second.headers.get("retry-after"))).toBeGreaterThan(60);
  });

  it("are so in different stores, too", async () => {
    const { perMinute, perHour, told } = two(3, 1);
    const { ask } = serving(
      {
        limits: [
          { limiter: perMinute, by: "client" },
          { limiter: perHour, by: "client" },
        ],
      },
      told,
    );
    expect([(await ask()).status, (await ask()).status]).toEqual([200, 429]);
    expect((await perMinute.peek("unknown")).remaining).toBe(2);
  });

  it("of the same key take both costs at once, and are told once", async () => {
    const { perMinute, told } = two(5, 1);
    const { ask } = serving(
      {
        limits: [
          { limiter: perMinute, by: "client", cost: 2 },
          { limiter: perMinute, by: "client", cost: 1 },
        ],
      },
      told,
    );
    expect((await ask()).headers.get("ratelimit")).toMatch(/^"minute";r=2;t=\d+$/);
    expect((await ask()).status).toBe(429);
  });
});
