import { describe, expect, it } from "vitest";
import { Cell, capacityOf, KERNELS, NAMES, type Name } from "./limit.fixture.js";

const config = { limit: 10, windowMs: 1_000, burst: 10, blockMs: 0 };
const blocking = { ...config, blockMs: 300 };
const T = 1_000_000;
const cellOf = (name: Name) => new Cell(KERNELS[name]);

describe.each(NAMES)("%s", (name) => {
  it("consumes nothing by refusing, peeking, or taking nothing", () => {
    const cell = cellOf(name);
    cell.take(T, config, 8);
    const held = cell.state;
    expect(cell.take(T + 1, config, 3)).toMatchObject({ allowed: false, remaining: 2 });
    expect(cell.take(T + 1, config, 0)).toMatchObject({ allowed: true, remaining: 2, retryAfterMs: 0 });
    expect(cell.peek(T + 1, config, 2)).toMatchObject({ allowed: true, remaining: 2, retryAfterMs: 0 });
    expect(cell.peek(T + 1, config, 3)).toMatchObject({ allowed: false, remaining: 2 });
    expect(cell.state).toBe(held);
  });

  it("gives the whole capacity at once, and all of it back by a refund at once", () => {
    const cell = cellOf(name);
    const { at, allowed, remaining } = cell.take(T, config, 10);
    expect([allowed, remaining]).toEqual([true, 0]);
    expect(cell.step(T, config, { op: "refund", amount: 10, at })).toMatchObject({ remaining: 10, resetMs: 0 });
    // Nothing is left to remember.
    expect(cell.state).toBeUndefined();
  });

  it("takes a refund without a time for what was taken just now", () => {
    const cell = cellOf(name);
    cell.take(T, config, 4);
    cell.take(T + 10, config, 4);
    const { remaining } = cell.peek(T + 20, config);
    expect(cell.step(T + 20, config, { op: "refund", amount: 3 }).remaining).toBe(remaining + 3);
  });

  it("gives nothing back twice over, of a time to come, or of a key it knows nothing of", () => {
    const cell = cellOf(name);
    expect(cell.step(T, config, { op: "refund", amount: 5, at: T })).toMatchObject({ allowed: true, remaining: 10 });
    expect(cell.state).toBeUndefined();
    cell.take(T, config, 5);
    expect(cell.step(T, config, { op: "refund", amount: 5, at: T + 1 }).remaining).toBe(5);
    expect(cell.step(T, config, { op: "refund", amount: Number.MAX_SAFE_INTEGER, at: T }).remaining).toBe(10);
  });

  it("forgets everything by a reset, a block too", () => {
    const cell = cellOf(name);
    cell.take(T, config, 10);
    cell.step(T, config, { op: "block", amount: 5_000 });
    expect(cell.step(T, config, { op: "reset" })).toMatchObject({ allowed: true, remaining: 10, resetMs: 0 });
    expect(cell.state).toBeUndefined();
  });

  it("blocks a key by its first refusal, for so long and no longer, however often it is refused meanwhile", () => {
    const cell = cellOf(name);
    cell.take(T, blocking, 10);
    const refused = cell.take(T + 1, blocking);
    expect(refused).toMatchObject({ allowed: false, remaining: 0 });
    expect(refused.retryAfterMs).toBeGreaterThanOrEqual(300);
    expect(cell.take(T + 200, blocking).allowed).toBe(false);
    expect(cell.take(T + 200, blocking, 0)).toMatchObject({ allowed: false, remaining: 0, retryAfterMs: 101 });
    expect(cell.peek(T + 301, blocking, 0)).toMatchObject({ allowed: true, retryAfterMs: 0 });
  });

  it("says of a blocked key when it will be neither blocked nor used up", () => {
    const cell = cellOf(name);
    cell.take(T, config, 10);
    cell.step(T, config, { op: "block", amount: 1 });
    const { retryAfterMs } = cell.take(T, config, 10);
    expect(cell.peek(T + retryAfterMs - 1, config, 10).allowed).toBe(false);
    expect(cell.peek(T + retryAfterMs, config, 10).allowed).toBe(true);
  });

  it("blocks a key that it knows nothing of, with a state of full width", () => {
    const cell = cellOf(name);
    expect(cell.step(T, config, { op: "block", amount: 5_000 })).toMatchObject({
      allowed: false,
      remaining: 0,
      retryAfterMs: 5_000,
      resetMs: 5_000,
      limit: capacityOf(name, config),
    });
    expect(cell.state?.length).toBe(KERNELS[name].width ?? 4);
    expect(cell.take(T + 4_999, config).allowed).toBe(false);
    expect(cell.take(T + 5_000, config)).toMatchObject({ allowed: true, remaining: 9 });
  });

  it("keeps what was used through a block that is shorter, and a block through what runs out before it", () => {
    const short = cellOf(name);
    short.take(T, config, 10);
    short.step(T, config, { op: "block", amount: 1 });
    expect(short.take(T + 1, config, 10).allowed).toBe(false);
    const long = cellOf(name);
    long.take(T, config, 10);
    long.step(T, config, { op: "block", amount: 60_000 });
    expect(long.take(T + 59_999, config).allowed).toBe(false);
    expect(long.take(T + 60_000, config).allowed).toBe(true);
  });

  it("replaces a block by another, and ends it by one of no length", () => {
    const cell = cellOf(name);
    cell.step(T, config, { op: "block", amount: 60_000 });
    cell.step(T, config, { op: "block", amount: 10 });
    expect(cell.take(T, config).retryAfterMs).toBe(10);
    cell.step(T, config, { op: "block", amount: 0 });
    expect(cell.state).toBeUndefined();
    expect(cell.take(T, config).allowed).toBe(true);
  });

  it("lengthens no block by a clock that is set back", () => {
    const cell = cellOf(name);
    cell.step(T, config, { op: "block", amount: 500 });
    expect(cell.take(T - 900_000, config)).toMatchObject({ allowed: false, retryAfterMs: 500 });
    expect(cell.take(T - 899_500, config).allowed).toBe(true);
  });

  it("keeps units and blocks when it refunds under a block", () => {
    const cell = cellOf(name);
    cell.take(T, config, 10);
    cell.step(T, config, { op: "block", amount: 200 });
    expect(cell.step(T + 1, config, { op: "refund", amount: 10, at: T })).toMatchObject({
      allowed: false,
      remaining: 0,
    });
    expect(cell.take(T + 199, config).allowed).toBe(false);
    expect(cell.take(T + 200, config, 10).allowed).toBe(true);
  });

  it("refuses more than it ever holds", () => {
    expect(cellOf(name).take(T, config, 11)).toMatchObject({ allowed: false, remaining: 10 });
  });
});

describe("refunds are bound to when the units were taken", () => {
  it.each(["gcra", "token-bucket"] as const)("%s: what has come back by itself does not come back again", (name) => {
    const cell = cellOf(name);
    const { at } = cell.take(T, config, 10);
    cell.take(T + 500, config, 5);
    // Had the first ten never been taken, five would be left.
    expect(cell.step(T + 500, config, { op: "refund", amount: 10, at }).remaining).toBe(5);
  });

  it("fixed-window: of an earlier window nothing comes back", () => {
    const cell = cellOf("fixed-window");
    const { at } = cell.take(T, config, 10);
    cell.take(T + 1_000, config, 10);
    expect(cell.step(T + 1_001, config, { op: "refund", amount: 10, at }).remaining).toBe(0);
  });

  it("sliding-window: of the earlier window as much comes back as still counts", () => {
    const cell = cellOf("sliding-window");
    const { at } = cell.take(T, config, 10);
    cell.take(T + 1_500, config, 5);
    expect(cell.step(T + 1_500, config, { op: "refund", amount: 10, at }).remaining).toBe(5);
    expect(cell.step(T + 2_100, config, { op: "refund", amount: 10, at }).remaining).toBe(5);
  });

  it("sliding-log: only the units of that very moment come back", () => {
    const cell = cellOf("sliding-log");
    const { at } = cell.take(T, config, 2);
    cell.take(T + 1, config, 8);
    expect(cell.step(T + 2, config, { op: "refund", amount: 10, at }).remaining).toBe(2);
  });
});

describe("changed limits", () => {
  const half = { ...config, limit: 5, burst: 5 };
  const double = { ...config, limit: 20, burst: 20 };
  const slower = { ...config, windowMs: 4_000 };
  const faster = { ...config, windowMs: 250 };

  it.each(NAMES)("%s: a lower one is full at most, a higher one has so much more", (name) => {
    const cell = cellOf(name);
    cell.take(T, config, 7);
    expect(cell.peek(T, half).remaining).toBe(0);
    expect(cell.peek(T, double).remaining).toBe(13);
  });

  it.each(["gcra", "token-bucket"] as const)(
    "%s: units leave at the old rate until it is asked, then at the new",
    (name) => {
      const cell = cellOf(name);
      cell.take(T, config, 10);
      expect(cell.take(T + 500, slower, 1)).toMatchObject({ allowed: true, remaining: 4 });
      expect(cell.peek(T + 900, slower).remaining).toBe(5);
      expect(cell.peek(T + 600, faster).remaining).toBe(4);
    },
  );

  it("fixed-window: a shorter window ends the one under way, a longer one comes next", () => {
    const cell = cellOf("fixed-window");
    cell.take(T, config, 10);
    expect(cell.peek(T + 200, faster)).toMatchObject({ remaining: 0, resetMs: 50 });
    expect(cell.peek(T + 250, faster).remaining).toBe(10);
    expect(cell.peek(T + 200, slower)).toMatchObject({ remaining: 0, resetMs: 800 });
    expect(cell.take(T + 1_000, slower)).toMatchObject({ remaining: 9, resetMs: 4_000 });
  });

  it("sliding-window: what still counts begins a new window", () => {
    const cell = cellOf("sliding-window");
    cell.take(T, config, 5);
    expect(cell.take(T + 1_500, slower, 1)).toMatchObject({ remaining: 6, resetMs: 8_000 });
  });

  it("sliding-log: a shorter window counts at once, a longer one from then on", () => {
    const cell = cellOf("sliding-log");
    cell.take(T, config, 4);
    cell.take(T + 400, config, 4);
    expect(cell.peek(T + 500, faster).remaining).toBe(6);
    expect(cell.take(T + 1_100, slower, 1).remaining).toBe(5);
    expect(cell.peek(T + 4_399, slower).remaining).toBe(5);
    expect(cell.peek(T + 4_400, slower).remaining).toBe(9);
  });
});
