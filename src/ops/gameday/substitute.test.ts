// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are the placeholders of experiments and runbooks
import { describe, expect, it } from "vitest";
import { substitute, valuesOf } from "./substitute.js";

const FILE = "slow.json";

describe("values", () => {
  it("come from the file, the environment, and defaults", () => {
    const values = valuesOf(
      {
        plain: "text",
        url: { type: "env", key: "URL" },
        port: { type: "env", key: "PORT", env_var_type: "int" },
        share: { type: "env", key: "SHARE", default: "0.5", env_var_type: "float" },
        dry: { type: "env", key: "DRY", default: "yes", env_var_type: "bool" },
      },
      { shop: { token: { type: "env", key: "TOKEN" }, url: "hidden" } },
      { URL: "http://a.example", PORT: "8080", TOKEN: "s3cret-token" },
      FILE,
    );
    expect(values.byName).toEqual({
      plain: "text",
      url: "http://a.example",
      port: 8080,
      share: 0.5,
      dry: true,
      token: "s3cret-token",
    });
    expect(values.secrets).toEqual(["s3cret-token", "hidden"]);
  });

  it("that are nowhere are all named", () => {
    const look = () =>
      valuesOf({ url: { type: "env", key: "URL" } }, { shop: { token: { type: "env", key: "TOKEN" } } }, {}, FILE);
    expect(look).toThrow(
      "slow.json: configuration.url: the environment has no variable URL, and there is no default\n" +
        "slow.json: secrets.shop.token: the environment has no variable TOKEN, and there is no default",
    );
  });
});

describe("substitution", () => {
  const values = { url: "http://a.example", port: 8080, nothing: null };

  it.each<[string, unknown, unknown]>([
    ["a name in a text", "${url}/faults", "http://a.example/faults"],
    ["two", "${url}:${port}", "http://a.example:8080"],
    ["a name without braces", "$url/faults", "http://a.example/faults"],
    ["a text that is a name keeps its type", "${port}", 8080],
    ["inside of lists and records, keys left alone", { "${url}": ["${port}", 1, null] }, { "${url}": [8080, 1, null] }],
    ["a JSONPath is left alone", "$.upstreams.serper", "$.upstreams.serper"],
    ["a pattern's end is left alone", "^ok$", "^ok$"],
    ["an unknown name without braces is left alone", "$HOME", "$HOME"],
    ["two dollars are one", "$${url}", "${url}"],
  ])("fills in %s", (_, given, expected) => {
    expect(substitute(given, values, FILE)).toEqual(expected);
  });

  it("names what has no value", () => {
    expect(() => substitute({ a: ["${URL}"] }, values, FILE)).toThrow(
      "slow.json: ${URL}: neither configuration nor secrets have that name; there are: url, port, nothing",
    );
  });
});
