import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { KeelsonError } from "../core/errors.js";
import { parseJson } from "./json.js";

function refusal(input: string | Uint8Array, options?: Parameters<typeof parseJson>[1]): KeelsonError {
  try {
    parseJson(input, options);
  } catch (error) {
    return error as KeelsonError;
  }
  throw new Error("was not refused");
}

const utf8 = (text: string) => new TextEncoder().encode(text);

describe("parseJson", () => {
  it("parses what JSON.parse parses, from text and from bytes", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        fc.pre(!text.includes("__proto__"));
        expect(parseJson(text)).toEqual(JSON.parse(text));
        expect(parseJson(utf8(text))).toEqual(JSON.parse(text));
      }),
      { numRuns: 300 },
    );
  });

  it("refuses exactly what JSON.parse refuses", () => {
    const pieces = fc.constantFrom(
      ...[
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        '"a"',
        '"',
        "\\",
        "1",
        "-",
        "01",
        ".5",
        "1e5",
        "true",
        "nul",
        " ",
        "\n",
        "\u0001",
      ],
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const text = parts.join("");
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        if (valid) expect(parseJson(text)).toEqual(JSON.parse(text));
        else expect(refusal(text)).toMatchObject({ code: "invalid_json", status: 400 });
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ["", "The body is empty"],
    [" \n", "The body is empty"],
    ['{"a":', "The JSON ends too early, at position 5"],
    ['{"a":"b', "The JSON ends too early, at position 7"],
    ['{"a":bb}', "Not valid JSON at position 5 (line 1, column 6)"],
    ['{\n  "a": 1,\n  "b" 2}', "Not valid JSON at position 18 (line 3, column 7)"],
    ["[1,]", "Not valid JSON at position 3 (line 1, column 4)"],
    ['{"a":1,}', "Not valid JSON at position 7 (line 1, column 8)"],
    ["{1:2}", "Not valid JSON at position 1 (line 1, column 2)"],
    ['["a\\x"]', "Not valid JSON at position 3 (line 1, column 4)"],
    ["[1}", "Not valid JSON at position 2 (line 1, column 3)"],
    ["1 2", "Not valid JSON at position 2 (line 1, column 3)"],
    ["[01]", "Not valid JSON at position 2 (line 1, column 3)"],
    ["'a'", "Not valid JSON at position 0 (line 1, column 1)"],
  ])("says where %j goes wrong", (text, detail) => {
    expect(refusal(text).detail).toBe(detail);
  });

  it("names a position after which no text could make it valid, and not an earlier one", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 3 }), fc.nat(), (text, cut) => {
        // A broken character put into valid JSON, outside of strings, is itself the fault.
        const at = cut % (text.length + 1);
        const inString = [...text.slice(0, at).replaceAll(/\\./g, "")].filter((char) => char === '"').length % 2 === 1;
        fc.pre(!inString && !text.includes("\\"));
        const broken = `${text.slice(0, at)}@${text.slice(at)}`;
        const position = Number(/position (\d+)/.exec(refusal(broken).detail ?? "")?.[1]);
        expect(position).toBeLessThanOrEqual(at);
        // A number or word that the character cuts in two may be at fault from where it begins.
        expect(text.slice(position, at)).toMatch(/^[-+\w.]*$/);
      }),
      { numRuns: 300 },
    );
  });

  it("repeats nothing of the input", () => {
    const error = refusal('{"password": hunter2}');
    expect(JSON.stringify(error) + error.message + String(error.cause)).not.toContain("hunter2");
  });

  it("skips a byte order mark and refuses what is not UTF-8", () => {
    expect(parseJson(utf8("\ufeff[1]"))).toEqual([1]);
    expect(parseJson("\ufeff[1]")).toEqual([1]);
    expect(refusal(Uint8Array.of(0x22, 0xc3, 0x28, 0x22))).toMatchObject({
      code: "invalid_json",
      detail: "The body is not UTF-8",
    });
    // What came before does not linger in the decoder.
    expect(parseJson(utf8('"ä"'))).toBe("ä");
  });

  it("refuses exactly what nests deeper than allowed, strings and escapes notwithstanding", () => {
    const depthOf = (value: unknown): number =>
      typeof value === "object" && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;
    const noisy = fc.stringMatching(/^[[\]{}"\\ab]{0,9}$/);
    const tree = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 8 },
        noisy,
        fc.array(tie("node"), { maxLength: 4 }),
        fc.dictionary(noisy, tie("node"), { maxKeys: 4 }),
      ),
    })).node;
    fc.assert(
      fc.property(tree, fc.integer({ min: 1, max: 6 }), (value, maxDepth) => {
        const text = JSON.stringify(value);
        if (depthOf(value) <= maxDepth) expect(parseJson(text, { maxDepth })).toEqual(JSON.parse(text));
        else {
          expect(refusal(text, { maxDepth })).toMatchObject({
            code: "validation",
            issues: [{ in: "body", pointer: "", message: `Nested deeper than ${maxDepth} levels` }],
          });
        }
      }),
      { numRuns: 500 },
    );
  });

  it("comes through a million brackets, escapes or numbers, and looks for the fault only so far", () => {
    const many = (text: string) => text.repeat(1_000_000);
    expect(refusal(many("[") + many("]"))).toMatchObject({ code: "validation" });
    for (const text of [many("["), `"${many("\\n")}\\q"`, `[${many("1,")}]`, `["${many("x")}]`])
      expect(refusal(text).detail).toMatch(/^Not valid JSON, from position 81\d\d on$/);
    expect(refusal(`[@${many("1,")}]`).detail).toBe("Not valid JSON at position 1 (line 1, column 2)");
  });

  it.each([
    '{"__proto__":{"admin":true}}',
    '[{"a":{"__proto__":1}}]',
    '{"\\u005f_proto__":1}',
    '{"__pr\\u006Fto__":1}',
  ])("refuses the key __proto__ in %s", (text) => {
    expect(refusal(text, { part: "args" })).toMatchObject({
      code: "validation",
      issues: [{ in: "args", pointer: "", message: 'The key "__proto__" is not accepted' }],
    });
  });

  it("accepts __proto__ as a value", () => {
    expect(parseJson('{"a":"__proto__"}')).toEqual({ a: "__proto__" });
  });
});
