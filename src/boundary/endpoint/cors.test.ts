import { describe, expect, it } from "vitest";
import { Cors } from "./cors.js";

const cors = (origins: string[], options = {}) => new Cors(origins, options, 'endpoint("x")', false);

describe("CORS", () => {
  it("answers a listed origin by its name, varying by it", () => {
    expect(
      Object.fromEntries(cors(["https://a.example", "https://b.example"]).answer("https://b.example") ?? []),
    ).toEqual({
      "access-control-allow-origin": "https://b.example",
      "access-control-expose-headers": "ratelimit, ratelimit-policy, retry-after",
      vary: "origin",
    });
  });

  it("answers no origin that is not listed to the letter", () => {
    const { answer } = { answer: (origin: string) => cors(["https://a.example"]).answer(origin) };
    for (const origin of ["http://a.example", "https://a.example:8443", "https://a.example.evil", "null", ""]) {
      expect(answer(origin)).toBeUndefined();
    }
  });

  it("answers any origin where that is said, and then needs not vary", () => {
    const any = cors(["*"]);
    expect(any.answer("https://whoever.example")?.[0]).toEqual(["access-control-allow-origin", "*"]);
    expect([any.answer("x")?.some(([name]) => name === "vary"), any.refused]).toEqual([false, []]);
  });

  it("says in a preflight what scripts may send, and for how long that holds", () => {
    const answer = cors(["https://a.example"], { credentials: true, maxAge: "1h", allowHeaders: ["x-a", "x-b"] });
    expect(Object.fromEntries(answer.preflight("https://a.example", "POST") ?? [])).toEqual({
      "access-control-allow-origin": "https://a.example",
      "access-control-allow-credentials": "true",
      "access-control-allow-methods": "POST",
      "access-control-allow-headers": "x-a, x-b",
      "access-control-max-age": "3600",
    });
  });

  it.each([
    [["https://a.example/"], {}],
    [["a.example"], {}],
    [["https://*.example"], {}],
    [["*"], { credentials: true }],
    [["*", "https://a.example"], {}],
    [[], {}],
    [["https://a.example"], { maxage: "1h" }],
    [["https://a.example"], { maxAge: "soon" }],
  ])("can't be set up with %j and %j", (origins, options) => {
    expect(() => cors(origins, options)).toThrow(/endpoint\("x"\)\./);
  });
});
