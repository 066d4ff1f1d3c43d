import { describe, expect, it } from "vitest";
import { ConfigError } from "../../core/config.js";
import { clientOf, type TrustProxy } from "./client.js";
import { FetchIncoming } from "./fetch-incoming.js";

const client = (trust: TrustProxy, remote: string | undefined, headers: Record<string, string> = {}) =>
  clientOf(trust, "trustProxy")(new FetchIncoming(new Request("http://x/", { headers }), remote));

describe("the client", () => {
  it("is whoever is at the other end, whatever a header says, while no proxy is trusted", () => {
    expect(client(false, "203.0.113.9", { "x-forwarded-for": "1.2.3.4" })).toBe("203.0.113.9");
    expect(client(false, "::ffff:203.0.113.9")).toBe("203.0.113.9");
  });

  it("is one and the same for all whose address is not known", () => {
    expect(client(false, undefined)).toBe("unknown");
    expect(client(false, "garbage")).toBe("unknown");
    expect(client(["10.0.0.0/8"], undefined, { "x-forwarded-for": "1.2.3.4" })).toBe("unknown");
  });

  it("is counted from the right behind so many proxies, past what the client wrote itself", () => {
    const forged = { "x-forwarded-for": "6.6.6.6, 7.7.7.7, 203.0.113.9, 10.0.0.2" };
    expect(client(1, "10.0.0.1", forged)).toBe("10.0.0.2");
    expect(client(2, "10.0.0.1", forged)).toBe("203.0.113.9");
    expect(client(9, "10.0.0.1", forged)).toBe("6.6.6.6");
    expect(client(1, "10.0.0.1")).toBe("10.0.0.1");
    expect(client(1, undefined, { "x-forwarded-for": "203.0.113.9" })).toBe("203.0.113.9");
  });

  it("is the first from the right that is no proxy of the list", () => {
    const trust = ["10.0.0.0/8", "fd00::/8"];
    expect(client(trust, "10.0.0.1", { "x-forwarded-for": "6.6.6.6, 203.0.113.9, fd00::5" })).toBe("203.0.113.9");
    expect(client(trust, "8.8.8.8", { "x-forwarded-for": "203.0.113.9" })).toBe("8.8.8.8");
    expect(client(trust, "10.0.0.1", { "x-forwarded-for": "10.0.0.3, 10.0.0.2" })).toBe("10.0.0.3");
  });

  it("is the connection's address where a proxy wrote no address", () => {
    expect(client(1, "10.0.0.1", { "x-forwarded-for": "203.0.113.9, unknown" })).toBe("10.0.0.1");
    expect(client(["10.0.0.0/8"], "10.0.0.1", { "x-forwarded-for": "203.0.113.9, <script>" })).toBe("10.0.0.1");
  });

  it("is read from Forwarded where that is said, and only from it", () => {
    const trust = { header: "Forwarded", proxies: 1 };
    const headers = {
      forwarded: 'for=6.6.6.6, for="[2001:db8:1:2345::9]:4711";proto=https',
      "x-forwarded-for": "9.9.9.9",
    };
    expect(client(trust, "10.0.0.1", headers)).toBe("2001:db8:1:2300::/56");
    expect(client(trust, "10.0.0.1", { forwarded: "proto=https;FOR=203.0.113.9" })).toBe("203.0.113.9");
    expect(client(trust, "10.0.0.1", { forwarded: "by=203.0.113.9" })).toBe("10.0.0.1");
  });

  it("is read from a platform's own header", () => {
    expect(client({ header: "cf-connecting-ip" }, undefined, { "cf-connecting-ip": "203.0.113.9" })).toBe(
      "203.0.113.9",
    );
  });

  it.each([[0], [1.5], [["10.0.0.0/99"]], [["nonsense"]], [true], ["1"], [{ header: "" }]])(
    "can't be found by %j",
    (trust) => {
      expect(() => clientOf(trust as TrustProxy, "trustProxy")).toThrow(ConfigError);
    },
  );
});
