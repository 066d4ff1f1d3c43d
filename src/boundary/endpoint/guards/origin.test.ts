import { describe, expect, it } from "vitest";
import { serving } from "../fixtures.js";

const shop = "https://shop.example";

describe("the origin guard", () => {
  it("lets a listed origin in and says so to the browser", async () => {
    const response = await serving({ origins: [shop] }).ask({ headers: { origin: shop } });
    expect(response.status).toBe(200);
    expect(response.headers.get("access-control-allow-origin")).toBe(shop);
    expect(response.headers.get("vary")).toBe("origin");
  });

  it("refuses another origin, and caches may not give its answer to others", async () => {
    const { ask, settled } = serving({ origins: [shop] });
    for (const origin of ["https://evil.example", "null", `${shop}.evil.example`]) {
      const response = await ask({ headers: { origin } });
      expect([response.status, (await response.json()).code]).toEqual([403, "forbidden"]);
      expect(response.headers.get("access-control-allow-origin")).toBeNull();
      expect(response.headers.get("vary")).toBe("origin");
    }
    expect(settled.map(({ guard }) => guard)).toEqual(["origin", "origin", "origin"]);
  });

  it("lets what is no browser in, unless an origin is required", async () => {
    const open = await serving({ origins: [shop] }).ask();
    const strict = await serving({ origins: [shop], requireOrigin: true }).ask();
    expect([open.status, strict.status]).toEqual([200, 403]);
  });

  it("does not look at the origin where none are listed", async () => {
    const response = await serving({}).ask({ headers: { origin: "https://evil.example" } });
    expect([response.status, response.headers.get("access-control-allow-origin")]).toEqual([200, null]);
  });

  it("tells a listed origin what went wrong as well", async () => {
    const failing = serving({
      origins: [shop],
      handler: () => {
        throw new Error("no");
      },
    });
    const response = await failing.ask({ headers: { origin: shop } });
    expect([response.status, response.headers.get("access-control-allow-origin")]).toEqual([500, shop]);
  });

  it("adds to what the handler varies by", async () => {
    const varied = serving({ origins: [shop], handler: () => new Response("", { headers: { vary: "Accept" } }) });
    expect((await varied.ask({ headers: { origin: shop } })).headers.get("vary")).toBe("Accept, origin");
  });
});
