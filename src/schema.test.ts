import { describe, expect, expectTypeOf, it } from "vitest";
import type { z } from "zod";
import type { Snapshot } from "./observe/snapshot.js";
import { snapshotSchema } from "./schema.js";

type Mutable<T> = T extends object ? { -readonly [K in keyof T]: Mutable<T[K]> } : T;

const empty: Snapshot = {
  version: 1,
  service: "shop",
  bootId: "6f",
  at: 1_767_225_600_000,
  uptimeMs: 0,
  process: null,
  store: { kind: "memory", cells: 0, capacity: 250_000 },
  knobs: { LIMIT: 20, KEY: "[secret]", ON: true, NONE: null },
  limiters: {},
  upstreams: {},
  breakers: {},
  bulkheads: {},
  sharedBulkheads: {},
  caches: {},
  idempotency: {},
  replayGuards: {},
  queues: {},
  overload: null,
  slis: { endpoints: {}, upstreams: {} },
  objectives: {},
  levers: [],
  surface: [],
};

describe("snapshotSchema", () => {
  it("is the Snapshot type, to the letter", () => {
    expectTypeOf<z.infer<typeof snapshotSchema>>().toEqualTypeOf<Mutable<Snapshot>>();
    expect(snapshotSchema.parse(empty)).toEqual(empty);
  });

  it("drops what a newer service may send", () => {
    expect(snapshotSchema.parse({ ...empty, alerts: {} })).toEqual(empty);
  });

  it("refuses what changed its meaning, and says where", () => {
    expect(snapshotSchema.safeParse({ ...empty, version: 2 }).error?.issues[0]?.path).toEqual(["version"]);
    const negative = { ...empty, slis: { endpoints: { chat: { windows: [{ sec: -1 }] } }, upstreams: {} } };
    expect(snapshotSchema.safeParse(negative).error?.issues[0]?.path.join(".")).toBe(
      "slis.endpoints.chat.windows.0.sec",
    );
  });
});
