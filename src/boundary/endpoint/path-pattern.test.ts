import { describe, expect, it } from "vitest";
import { pathPattern } from "./path-pattern.js";

describe("a path", () => {
  it("without parameters is matched as it is", () => {
    expect(pathPattern("/api/chat", "path")).toEqual({ shape: "/api/chat", names: [], regex: undefined });
  });

  it("with parameters captures whole segments that are not empty", () => {
    const { names, regex, shape } = pathPattern("/shops/:shop/things.v1/:id", "path");
    expect([names, shape]).toEqual([["shop", "id"], "/shops/:/things.v1/:"]);
    expect(regex?.exec("/shops/a/things.v1/b%2Fc")?.slice(1)).toEqual(["a", "b%2Fc"]);
    for (const other of [
      "/shops/a/thingsXv1/b",
      "/shops//things.v1/b",
      "/shops/a/things.v1/b/",
      "/shops/a/things.v1/b/c",
    ]) {
      expect(regex?.test(other)).toBe(false);
    }
  });

  it.each(["", "api", "/a/:", "/a/:1", "/a/x:id", "/a/:id.json", "/a?b", "/a b", "/:id/:id", "/*"])(
    "is not %j",
    (path) => {
      expect(() => pathPattern(path, 'endpoint("x").path')).toThrow(/endpoint\("x"\)\.path: got /);
    },
  );
});
