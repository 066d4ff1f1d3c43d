import type { StandardSchemaV1 } from "@standard-schema/spec";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { KeelsonError } from "./errors.js";
import { jsonPointer, MAX_ISSUES, validate } from "./validation.js";

async function refusal(schema: StandardSchemaV1, value: unknown): Promise<KeelsonError> {
  try {
    await validate(schema, value, "body");
  } catch (error) {
    return error as KeelsonError;
  }
  throw new Error("was not refused");
}

/** A schema of another library: it refuses everything with one issue. */
const says = (message: string, path?: readonly (PropertyKey | { key: PropertyKey })[]): StandardSchemaV1 => ({
  "~standard": { version: 1, vendor: "test", validate: () => ({ issues: [path ? { message, path } : { message }] }) },
});

describe("validate", () => {
  it("answers at once where the schema does, with what the schema made of the value", () => {
    expect(validate(z.object({ n: z.coerce.number() }), { n: "5", more: 1 }, "body")).toEqual({ n: 5 });
  });

  it("answers with a promise where the schema does", async () => {
    const slow = z.string().refine(async (value) => value === "yes");
    const answer = validate(slow, "yes", "query");
    expect(answer).toBeInstanceOf(Promise);
    expect(await answer).toBe("yes");
    expect(await refusal(slow, "no")).toMatchObject({ code: "validation" });
  });

  it("says where and what is wrong", async () => {
    const schema = z.object({ items: z.array(z.object({ "a/b": z.string() })) });
    expect(await refusal(schema, { items: [{ "a/b": "x" }, { "a/b": 1 }] })).toMatchObject({
      code: "validation",
      status: 400,
      issues: [{ in: "body", pointer: "/items/1/a~1b", message: "Invalid input: expected string, received number" }],
    });
    expect((await refusal(z.string(), 1)).issues?.[0]?.pointer).toBe("");
  });

  it("lists so many issues and says how many there were", async () => {
    const error = await refusal(z.array(z.string()), Array(53).fill(1));
    expect(error.issues).toHaveLength(MAX_ISSUES);
    expect(error.detail).toBe("53 issues; the first 20 are listed");
    expect(error.message).toMatch(/^body\/0: .* \(and 52 more\)$/);
  });

  it("bounds messages and pointers, whatever keys were sent", async () => {
    const long = "k".repeat(1000);
    const error = await refusal(z.record(z.string(), z.object({ [long]: z.string() })), { ok: { [long]: 1 } });
    expect(error.issues?.[0]?.pointer).toBe("/ok");
    expect((await refusal(says("m".repeat(1000)), 1)).issues?.[0]?.message).toHaveLength(200);
    const deep = await refusal(says("m", ["a", long, "b"]), {});
    expect(deep.issues?.[0]?.pointer).toBe("/a");
  });

  it.each([
    ["valibot", 'Invalid type: Expected number but received "hunter2"', "Invalid type: Expected number"],
    ["arktype", 'must be a number (was "hunter2")', "must be a number"],
    ["an author", "hunter2 is taken", "… is taken"],
  ])("takes the value out of what %s says", async (_, message, shown) => {
    const error = await refusal(says(message, [{ key: "password" }]), { password: "hunter2" });
    expect(error.issues).toEqual([{ in: "body", pointer: "/password", message: shown }]);
    expect(error.message).not.toContain("hunter2");
  });

  it("takes a short value out where it is quoted, and leaves words alone", async () => {
    expect((await refusal(says(`"a" is a bad answer`), "a")).issues?.[0]?.message).toBe('"…" is a bad answer');
    expect((await refusal(says("4711 and '12'"), 4711)).issues?.[0]?.message).toBe("… and '12'");
  });

  it("survives values that can't be followed", async () => {
    expect((await refusal(says("m", ["a", "b", 0]), null)).issues?.[0]?.pointer).toBe("/a/b/0");
  });
});

describe("jsonPointer", () => {
  it("escapes so that the path can be read back", () => {
    const parse = (pointer: string) =>
      pointer
        .split("/")
        .slice(1)
        .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.stringMatching(/^[~/01]*$/))), (path) => {
        expect(parse(jsonPointer(path))).toEqual(path);
      }),
      { numRuns: 300 },
    );
    expect(jsonPointer(["a/b", 0, "~1"])).toBe("/a~1b/0/~01");
    expect(jsonPointer([])).toBe("");
  });
});
