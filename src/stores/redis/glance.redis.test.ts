import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { uniquePrefix } from "../../../test/redis/inject.js";
import { StoreFailure } from "../../core/store.js";
import { type CacheEntryDecision, type CacheEntryInput, cacheEntryKernel } from "../../kernel/cache/entry.js";
import { namespaceKernel } from "../../kernel/namespace/namespace.js";
import { unpacked } from "../scripted/unpack.js";
import { ioRedis } from "./clients.fixture.js";
import { redisStore } from "./redis-store.js";

const { client, close } = ioRedis();
afterAll(close);

describe("a look without a script", () => {
  const store = redisStore(client, { prefix: uniquePrefix("glance"), deadline: "10s" });
  const entries = store.open(cacheEntryKernel, "cache:a");
  const config = { leaseMs: 10_000 };
  const step = async (key: string, input: CacheEntryInput) =>
    (await entries.step(key, config, input)) as CacheEntryDecision;
  const glance = async (key: string, input: CacheEntryInput) => {
    const outcome = await entries.glance?.(key, config, input);
    if (outcome === undefined || outcome instanceof StoreFailure) throw new Error("it can be looked at");
    return outcome.decision;
  };
  const read = { op: "read", fence: 5, epoch: 1 } as const;

  it("finds what the script would, where the value is fresh", async () => {
    const text = '{"a":"ü\u0000😀"}';
    await step("k", { op: "set", text, freshMs: 60_000, keepMs: 5_000, epoch: 1 });
    const [seen, decided] = [await glance("k", read), await step("k", read)];
    expect({ ...seen, freshMs: 0, graceMs: 0 }).toEqual({ ...decided, freshMs: 0, graceMs: 0 });
    for (const one of [seen, decided]) {
      expect(one?.freshMs).toBeLessThanOrEqual(60_000);
      expect(one?.freshMs).toBeGreaterThan(50_000);
      expect((one?.graceMs ?? 0) - (one?.freshMs ?? 0)).toBe(5_000);
    }
  });

  it("leaves it to the script where there is none, it is old or loaded, or of another epoch", async () => {
    expect(await glance("none", read)).toBeUndefined();
    await step("loading", read);
    expect(await glance("loading", read)).toBeUndefined();
    await step("old", { op: "set", text: "1", freshMs: 1, keepMs: 60_000, epoch: 1 });
    // A script's time and that of a key's end may be a millisecond apart.
    while ((await step("old", { ...read, fence: 0 })).freshMs > -2);
    expect(await glance("old", read)).toBeUndefined();
    await step("fresh", { op: "set", text: "1", freshMs: 60_000, keepMs: 0, epoch: 1 });
    expect(await glance("fresh", { ...read, epoch: 2 })).toBeUndefined();
    expect(await glance("fresh", { op: "delete", epoch: 1 })).toBeUndefined();
  });

  it("finds a namespace's epoch", async () => {
    const spaces = store.open(namespaceKernel, "epoch:a");
    const look = { op: "look", nonce: 7 } as const;
    expect(await spaces.glance?.("k", { keepMs: 1_000 }, look)).toEqual({ decision: undefined });
    await spaces.step("k", { keepMs: 10_000 }, { op: "read", nonce: 2 ** 48 - 1 });
    expect(await spaces.glance?.("k", { keepMs: 1_000 }, look)).toEqual({ decision: { epoch: 2 ** 48 - 1 } });
  });

  it("reads all that scripts write", async () => {
    const value = fc.oneof(
      fc.integer({ min: -(2 ** 53) + 1, max: 2 ** 53 - 1 }),
      fc.constantFrom(0, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, -1, -32, -33, -128, -129, -32_769),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.string({ unit: "grapheme", maxLength: 40 }),
      fc.constantFrom(255, 256, 70_000).map((size) => "x".repeat(size)),
    );
    const sha = (await client.script("LOAD", "return cmsgpack.pack(cjson.decode(ARGV[1]))")) as string;
    const property = fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 20 }), async (values) => {
      // Lua's JSON reads numbers as doubles, as states are.
      const raw = (await client.callBuffer("EVALSHA", sha, "0", JSON.stringify(values))) as Uint8Array;
      const read = unpacked(raw, undefined) ?? [];
      const close = (a: unknown, b: unknown) =>
        typeof a === "number" && typeof b === "number" ? Math.abs(a - b) <= Math.abs(b) * 1e-12 || a === b : a === b;
      expect(read.map((one, i) => close(one, values[i]))).toEqual(values.map(() => true));
    });
    await fc.assert(property, { numRuns: 200 });
    expect(unpacked(new Uint8Array([0x92, 0x01]), undefined)).toBeUndefined();
    expect(unpacked(new Uint8Array([0xc0]), undefined)).toBeUndefined();
    expect(unpacked(new Uint8Array(9), 1)).toBeUndefined();
  });
});
