import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { ConfigError } from "../core/config.js";
import { KeelsonError } from "../core/errors.js";
import { type EventMap, Events } from "../core/events.js";
import { runtime } from "../core/runtime.js";
import type { Store } from "../core/store.js";
import { Limiter } from "../primitives/limiter/limiter.js";
import type { LimiterOptions } from "../primitives/limiter/options.js";
import { memoryStore } from "../stores/memory/memory-store.js";
import { ManualClock } from "../testing/manual-clock.js";
import { anonymous, unlimited } from "./declare.js";
import { boundary, type FunctionEntry } from "./function-boundary.js";

const Connection = z.object({ email: z.email(), token: z.string().min(1), scopes: z.array(z.string()).default([]) });
const open = { auth: anonymous("a test"), limits: unlimited("a test") } as const;
const good = { email: "a@b.example", token: "t" };

const clock = new ManualClock();
const store = memoryStore({ clock });

/** A limiter that grants so many units a minute. */
function limiterOf(name: string, limit: number, options: Partial<LimiterOptions> = {}, kept: Store = store): Limiter {
  return new Limiter(
    name,
    { algorithm: "fixed-window", limit, per: "1m", ...options },
    runtime({ clock, store: kept }),
  );
}

describe("boundary", () => {
  it("hands the checked input on and infers its types", async () => {
    const store = boundary({ name: "gmail.store", input: Connection, ...open }, async (input, call) => {
      expectTypeOf(input).toEqualTypeOf<{ email: string; token: string; scopes: string[] }>();
      expectTypeOf(call.principal).toEqualTypeOf<null>();
      return input.scopes.length;
    });
    expectTypeOf(store).returns.resolves.toEqualTypeOf<number>();
    expectTypeOf(store).parameter(0).toEqualTypeOf<{ email: string; token: string; scopes?: string[] | undefined }>();
    expect(store.name).toBe("gmail.store");
    expect(await store(good)).toBe(0);
  });

  it("hands the principal, the platform's ctx and the context on", async () => {
    const auth = async (entry: FunctionEntry<{ user: string }>) => ({ id: entry.ctx.user });
    const who = boundary({ name: "who", input: z.object({}), auth, limits: unlimited("a test") }, (_, call) => {
      expectTypeOf(call.principal).toEqualTypeOf<{ id: string }>();
      return `${call.principal.id} ${call.ctx.user} ${call.context.tenant}`;
    });
    expect(await who({}, { ctx: { user: "ann" }, context: { tenant: "t1" } })).toBe("ann ann t1");
    // @ts-expect-error this boundary's auth needs a ctx
    await expect(who({})).rejects.toMatchObject({ code: "internal" });
  });

  it("refuses nobody where auth is declared", async () => {
    const shut = boundary(
      { name: "shut", input: z.object({}), auth: () => null as { id: string } | null, limits: unlimited("a test") },
      () => 1,
    );
    await expect(shut({})).rejects.toMatchObject({ code: "unauthenticated", status: 401 });
  });

  it("rejects bad input with issues that point into args", async () => {
    const store = boundary({ name: "s", input: Connection, ...open }, () => 1);
    await expect(store({ ...good, token: "", email: "x" })).rejects.toMatchObject({
      code: "validation",
      issues: [
        { in: "args", pointer: "/email" },
        { in: "args", pointer: "/token" },
      ],
    });
  });

  it("answers a wire with errors as data that holds nothing internal", async () => {
    const fail = boundary({ name: "f", input: z.unknown(), ...open }, (input) => {
      if (input === "known") throw new KeelsonError("conflict", "row 7 of table users", { detail: "It exists" });
      if (input === "unknown") throw new Error("password=hunter2");
      return { n: 1 };
    });
    expect(await fail.attempt("fine")).toEqual({ ok: true, value: { n: 1 } });
    expect(await fail.attempt("known")).toEqual({
      ok: false,
      error: { code: "conflict", category: "conflict", message: "It exists" },
    });
    expect(await fail.attempt("unknown")).toEqual({
      ok: false,
      error: { code: "internal", category: "internal", message: "Something went wrong" },
    });
  });

  it("makes an output that does not match the function's own error", async () => {
    const Out = z.object({ n: z.number() });
    const wrong = boundary({ name: "w", input: z.unknown(), output: Out, ...open }, () => ({ n: "1" }) as never);
    const right = boundary({ name: "r", input: z.unknown(), output: Out, ...open }, () => ({ n: 1, secret: 2 }));
    const error = await wrong(0).catch((thrown: KeelsonError) => thrown);
    expect(error).toMatchObject({ code: "internal", issues: undefined, cause: { code: "validation" } });
    expect(await right(0)).toEqual({ n: 1 });
    // @ts-expect-error the handler returns what is not the output's input
    boundary({ name: "x", input: z.unknown(), output: Out, ...open }, () => ({ m: 1 }));
  });

  it("limits depth and size before the schema sees the input", async () => {
    let seen = 0;
    const schema = z.unknown().refine(() => ++seen > 0);
    const shallow = boundary({ name: "d", input: schema, maxDepth: 2, maxBytes: "1kb", ...open }, () => 1);
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    await expect(shallow([[1]])).resolves.toBe(1);
    await expect(shallow([[[1]]])).rejects.toMatchObject({
      code: "validation",
      issues: [{ in: "args", pointer: "", message: "Nested deeper than 2 levels" }],
    });
    await expect(shallow(circular)).rejects.toMatchObject({ code: "validation" });
    await expect(shallow("x".repeat(1022))).rejects.toMatchObject({ code: "payload_too_large", status: 413 });
    await expect(shallow(new Uint8Array(2000))).rejects.toMatchObject({ code: "payload_too_large" });
    await expect(shallow(Array(600).fill(1))).rejects.toMatchObject({ code: "payload_too_large" });
    await expect(shallow(new Map([["k", "x".repeat(2000)]]))).rejects.toMatchObject({ code: "payload_too_large" });
    expect(seen).toBe(1);
  });

  it("takes from all limits or none", async () => {
    const user = limiterOf("user", 5);
    const auth = () => ({ id: "ann" });
    const limited = boundary(
      {
        name: "l",
        input: z.unknown(),
        auth,
        limits: [
          { limiter: user, by: (c) => c.principal.id, cost: 2 },
          { limiter: limiterOf("all", 1), by: () => "all" },
        ],
      },
      () => "ran",
    );
    expect(await limited(0)).toBe("ran");
    expect(await limited.attempt(0)).toEqual({
      ok: false,
      error: { code: "rate_limit", category: "rate_limit", message: "Too many requests", retryAfterMs: 60_000 },
    });
    expect((await user.peek("ann")).remaining).toBe(3);
  });

  it("answers unavailable, not rate_limit, where a closed limiter has lost its store", async () => {
    const full = memoryStore({ clock, maxCells: 1 });
    const limiter = limiterOf("c", 1, { onStoreFailure: "closed" }, full);
    await limiter.check("somebody else");
    const closed = boundary(
      { name: "c", input: z.unknown(), auth: anonymous("t"), limits: [{ limiter, by: () => "k" }] },
      () => 1,
    );
    await expect(closed(0)).rejects.toMatchObject({ code: "unavailable", status: 503 });
  });

  it("lets nothing through where a limit has no key", async () => {
    const limiter = limiterOf("k", 5);
    const keyless = boundary(
      { name: "k", input: z.unknown(), auth: anonymous("t"), limits: [{ limiter, by: () => "" }] },
      () => 1,
    );
    await expect(keyless(0)).rejects.toMatchObject({ code: "internal" });
    expect(limiter.snapshot()).toMatchObject({ allowed: 0, denied: 0 });
  });

  it("records what came of it, for indicators and listeners", async () => {
    const clock = new ManualClock();
    const events = new Events();
    const settled: EventMap["endpoint.settled"][] = [];
    const recorded: unknown[] = [];
    events.on("endpoint.settled", (event) => settled.push(event));
    const rt = runtime({ clock, events, sli: () => ({ record: (bad, ms) => recorded.push([bad, ms]) }) });
    const slow = boundary(
      { name: "slow", input: z.number(), ...open },
      (ms) => {
        clock.tick(ms);
        if (ms > 10) throw new Error("too slow");
      },
      rt,
    );
    await slow(5, { context: { tenant: "t" } });
    await slow(20).catch(() => undefined);
    await slow.attempt("x");
    expect(recorded).toEqual([
      [false, 5],
      [true, 20],
      [undefined, 0],
    ]);
    expect(settled.map(({ status, code, context }) => [status, code, context?.tenant])).toEqual([
      [200, undefined, "t"],
      [500, "internal", undefined],
      [400, "validation", undefined],
    ]);
  });

  it("says what protects it", () => {
    const limiter = limiterOf("links", 1);
    const guarded = boundary(
      {
        name: "whatsapp.link",
        input: z.unknown(),
        output: z.string(),
        auth: async function session() {
          return { id: "1" };
        },
        limits: [{ limiter, by: (c) => c.principal.id }],
        maxBytes: "2kb",
      },
      () => "x",
    );
    expect(guarded.surface()).toEqual({
      kind: "function",
      name: "whatsapp.link",
      auth: { kind: "declared", by: "session" },
      limits: { kind: "limited", by: [{ limiter: "links", key: "principal.id" }] },
      validates: ["args", "result"],
      maxDepth: 32,
      maxBytes: 2048,
    });
  });

  it.each([
    [{ auth: undefined }, /boundary\("x"\)\.auth: got undefined; allowed: .*anonymous\("why"\)/],
    [{ limits: undefined }, /boundary\("x"\)\.limits: got undefined; allowed: .*unlimited\("why"\)/],
    [{ limits: [] }, /boundary\("x"\)\.limits: got \[\]/],
    [{ limits: [{ by: () => "k" }] }, /boundary\("x"\)\.limits\[0\]/],
    [{ input: {} }, /boundary\("x"\)\.input: .*Standard Schema/],
    [{ maxDepth: 0 }, /boundary\("x"\)\.maxDepth: got 0/],
    [{ maxBites: 1 }, /boundary\("x"\)\.maxBites: .*no such option/],
    [{ name: "" }, /boundary\.name/],
  ])("refuses the definition with %o", (wrong, message) => {
    const define = () => boundary({ name: "x", input: z.unknown(), ...open, ...wrong } as never, () => 1);
    expect(define).toThrow(ConfigError);
    expect(define).toThrow(message);
  });

  it("wants a reason for no auth and for no limit", () => {
    expect(() => anonymous("  ")).toThrow(ConfigError);
    expect(() => unlimited("")).toThrow(/unlimited\(why\): got ""; allowed: a reason in words/);
  });
});
