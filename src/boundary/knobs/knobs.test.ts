import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { ConfigError } from "../../core/config.js";
import { type Knob, knob } from "./knob.js";
import { knobTable } from "./knob-table.js";
import { KnobError, readKnobs } from "./read-knobs.js";

const declared = {
  CHAT_LIMIT_MAX: knob.int({ default: 20, min: 1, max: 1000, describe: "chat turns a minute" }),
  CHAT_WINDOW: knob.duration({ default: "1m", min: "1s" }),
  UPLOAD_SIZE_MAX: knob.size({ default: "64kb" }),
  SHADOW_MODE_ON: knob.flag({ default: false }),
  SEARCH_API_KEY: knob.text({ default: "k-default", secret: true, min: 3 }),
  LOG_LEVEL_NAME: knob.choice(["info", "debug"], { default: "info" }),
};

describe("knob", () => {
  const read = (declaredKnob: Knob<unknown>, given: unknown) => {
    const reading = declaredKnob.read(given);
    return "value" in reading ? reading.value : "refused";
  };

  it.each<[string, Knob<unknown>, [unknown, unknown][]]>([
    [
      "int",
      knob.int({ min: 1, max: 9 }),
      [
        ["5", 5],
        [5, 5],
        ["+5", 5],
        ["0", "refused"],
        ["10", "refused"],
        ["5.0", "refused"],
        ["0x5", "refused"],
        [" 5", "refused"],
        ["1e0", "refused"],
        ["", "refused"],
        [5.5, "refused"],
        [null, "refused"],
      ],
    ],
    [
      "number",
      knob.number({ min: 0, max: 1 }),
      [
        ["0.5", 0.5],
        [".5", 0.5],
        ["1e-1", 0.1],
        ["1.1", "refused"],
        ["NaN", "refused"],
        ["Infinity", "refused"],
        ["0,5", "refused"],
      ],
    ],
    [
      "duration",
      knob.duration({ min: "1s", max: "1h" }),
      [
        ["30s", 30_000],
        ["1500", 1500],
        [1500, 1500],
        ["999ms", "refused"],
        ["2h", "refused"],
        ["soon", "refused"],
        ["1 s", "refused"],
      ],
    ],
    [
      "size",
      knob.size({ max: "1mb" }),
      [
        ["64kb", 65_536],
        ["100", 100],
        ["2mb", "refused"],
        ["64k", "refused"],
      ],
    ],
    [
      "flag",
      knob.flag(),
      [
        ["true", true],
        ["FALSE", false],
        ["1", true],
        ["off", false],
        ["yes", true],
        [true, true],
        ["ja", "refused"],
        ["", "refused"],
      ],
    ],
    [
      "text",
      knob.text({ min: 2, max: 3 }),
      [
        ["ab", "ab"],
        ["a", "refused"],
        ["abcd", "refused"],
        [12, "refused"],
      ],
    ],
    [
      "choice",
      knob.choice(["a", "b"]),
      [
        ["a", "a"],
        ["A", "refused"],
        ["toString", "refused"],
      ],
    ],
    [
      "list",
      knob.list({ of: ["a", "b"] }),
      [
        ["a, b", ["a", "b"]],
        ["a,,", ["a"]],
        [["b"], ["b"]],
        ["c", "refused"],
        [[1], "refused"],
        [5, "refused"],
      ],
    ],
    [
      "schema",
      knob.schema(z.coerce.number().multipleOf(5)),
      [
        ["10", 10],
        ["11", "refused"],
      ],
    ],
  ])("%s reads what is allowed and nothing else", (_, declaredKnob, cases) => {
    expect(cases.map(([given]) => [given, read(declaredKnob, given)])).toEqual(cases);
  });

  it("infers what each kind gives", () => {
    const { values } = readKnobs(
      {
        ...declared,
        TAGS: knob.list({ of: ["a", "b"], default: [] }),
        URL: knob.schema(z.url(), { default: "https://x.example" }),
      },
      {},
    );
    expectTypeOf(values.CHAT_LIMIT_MAX).toEqualTypeOf<number>();
    expectTypeOf(values.CHAT_WINDOW).toEqualTypeOf<number>();
    expectTypeOf(values.SHADOW_MODE_ON).toEqualTypeOf<boolean>();
    expectTypeOf(values.LOG_LEVEL_NAME).toEqualTypeOf<"info" | "debug">();
    expectTypeOf(values.TAGS).toEqualTypeOf<readonly ("a" | "b")[]>();
    expectTypeOf(values.URL).toEqualTypeOf<string>();
    // @ts-expect-error not one of the choices
    expect(() => knob.choice(["a"], { default: "b" })).toThrow(ConfigError);
  });

  it.each<[() => unknown, string]>([
    [() => knob.int({ default: 0, min: 1 }), "knob.int.default: got 0; allowed: a whole number, at least 1"],
    [
      () => knob.duration({ default: "5 min" as never }),
      'knob.duration.default: got "5 min"; allowed: a duration like',
    ],
    [() => knob.size({ max: "1gb" as never }), 'knob.size.max: got "1gb"; allowed: a size like'],
    [() => knob.int({ defualt: 1 } as never), "knob.int.defualt: got 1; allowed: no such option"],
    [() => knob.text({ default: "ab", min: 3, secret: true }), 'knob.text.default: got "(hidden)"'],
  ])("refuses a declaration that contradicts itself (%#)", (declare, message) => {
    expect(declare).toThrow(ConfigError);
    expect(declare).toThrow(message);
  });
});

describe("readKnobs", () => {
  it("takes the environment's values, and defaults for what is not set or set to nothing", () => {
    const { values, sources } = readKnobs(declared, { CHAT_LIMIT_MAX: "5", CHAT_WINDOW: "", LOG_LEVEL_NAME: "debug" });
    expect(values).toEqual({
      CHAT_LIMIT_MAX: 5,
      CHAT_WINDOW: 60_000,
      UPLOAD_SIZE_MAX: 65_536,
      SHADOW_MODE_ON: false,
      SEARCH_API_KEY: "k-default",
      LOG_LEVEL_NAME: "debug",
    });
    expect([sources.CHAT_LIMIT_MAX, sources.CHAT_WINDOW]).toEqual(["env", "default"]);
  });

  it("reads the process's own environment by itself, where there is one", () => {
    const process = (globalThis as { process?: { env?: Record<string, string> } }).process;
    const [name, value] =
      Object.entries(process?.env ?? {}).find(([key, text]) => /^[A-Z_]{3,}$/.test(key) && text) ?? [];
    const set = name === undefined ? {} : { [name]: value };
    expect(readKnobs({ [name ?? "NOT_SET"]: knob.text({ default: "none" }) }).values).toEqual(
      name === undefined ? { NOT_SET: "none" } : set,
    );
  });

  it("reports everything that is wrong at once, by name, value and what is allowed, without secrets", () => {
    const env = { CHAT_LIMIT_MAX: "many", SEARCH_API_KEY: "xy", CHAT_WINDOW: "10ms", UPLOAD_SIZE_MAX: "1kb" };
    const read = () => readKnobs({ ...declared, DATABASE_URL: knob.text() }, env);
    expect(read).toThrow(KnobError);
    expect(read).toThrow(
      [
        "Environment variables that can't be used:",
        '  CHAT_LIMIT_MAX: got "many"; allowed: a whole number, at least 1, at most 1000',
        '  CHAT_WINDOW: got "10ms"; allowed: a duration like "250ms", "30s", "5m", "1h", "7d" or milliseconds, at least 1s',
        "  SEARCH_API_KEY: got [secret]; allowed: text of 3 to 65536 characters",
        "  DATABASE_URL: not set; allowed: text of 0 to 65536 characters",
      ].join("\n"),
    );
  });

  it("says what a schema says, without the value", () => {
    const read = () => readKnobs({ CALLBACK: knob.schema(z.url({ error: "must be a URL" })) }, { CALLBACK: "nope" });
    expect(read).toThrow('CALLBACK: got "nope"; allowed: must be a URL');
    const asynchronous = knob.schema(z.string().refine(async () => true));
    expect(() => readKnobs({ A: asynchronous }, { A: "x" })).toThrow(/not asynchronous/);
  });

  it("notices a variable that was probably meant for a knob", () => {
    const env = { CHAT_LIMT_MAX: "5", CHAT_LIMIT_MAXX: "6", PATH: "/bin", UPLOAD_SIZE_MIN_AGE: "1" };
    expect(readKnobs(declared, env).misspelt).toEqual([
      { variable: "CHAT_LIMT_MAX", knob: "CHAT_LIMIT_MAX" },
      { variable: "CHAT_LIMIT_MAXX", knob: "CHAT_LIMIT_MAX" },
    ]);
    expect(() => readKnobs({ DATABASE_URL: knob.text() }, { DATABSE_URL: "x" })).toThrow(
      "DATABASE_URL: not set; allowed: text of 0 to 65536 characters (DATABSE_URL is set: is that what was meant?)",
    );
  });
});

describe("knobTable", () => {
  it("documents each knob, and shows no secret's default", () => {
    const text = knobTable({ ...declared, DATABASE_URL: knob.text({ describe: "where | what" }) });
    const lines = text.trimEnd().split("\n");
    expect(lines).toHaveLength(9);
    expect(lines[2]).toBe(
      "| `CHAT_LIMIT_MAX` | int | `20` | a whole number, at least 1, at most 1000 | chat turns a minute |",
    );
    expect(lines[7]).toContain("info \\| debug");
    expect(lines[8]).toContain("**required**");
    expect(lines[8]).toContain("where \\| what");
    expect(text).not.toContain("k-default");
  });
});
