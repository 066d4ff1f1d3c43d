import { Redis } from "@upstash/redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { redisUrl, uniquePrefix } from "../../../test/redis/inject.js";
import { type RestGateway, startRestGateway } from "../../../test/redis/rest-gateway.js";
import { ConfigError } from "../../core/config.js";
import type { JobRecord } from "../../core/jobs.js";
import { StoreFailure } from "../../core/store.js";
import { gcra } from "../../kernel/limit/gcra.js";
import { describeStore } from "../../testing/conformance/describe-store.js";
import { describeJobStore } from "../../testing/conformance/jobs/describe-job-store.js";
import { type UpstashClient, upstashStore } from "./upstash-store.js";

let gateway: RestGateway;
beforeAll(async () => {
  gateway = await startRestGateway(redisUrl());
});
afterAll(() => gateway.stop());

const client = (token = gateway.token) =>
  new Redis({ url: gateway.url, token, enableTelemetry: false, retry: { retries: 0 } });
const options = (name: string) => ({ prefix: uniquePrefix(name), deadline: "10s" }) as const;
const advance = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

describeStore(
  "upstash",
  () => ({ store: upstashStore(client(), options("conformance")), advance }),
  { describe, it, expect },
  { bounded: false, anyKernel: false },
);

describeJobStore(
  "upstash",
  () => {
    const time = { now: 1_764_000_000_000 };
    const store = upstashStore(client(), { ...options("job-conformance"), now: () => time.now });
    return {
      jobs: store.jobs("tools"),
      advance: (ms) => {
        time.now += ms;
      },
      closeStore: () => store.close(),
    };
  },
  { describe, it, expect },
);

const wide = { limit: 100, windowMs: 86_400_000, burst: 100, blockMs: 0 };
const take = { op: "take", amount: 1, at: -1 } as const;

describe("a store over REST", () => {
  it("asks once for all decisions of a tick", async () => {
    const cells = upstashStore(client(), options("tick")).open(gcra, "limiter:a");
    await cells.step("first", wide, take);
    const before = gateway.requests;
    const decisions = await Promise.all(Array.from({ length: 50 }, () => cells.step("key", wide, take)));
    expect(gateway.requests - before).toBe(1);
    expect(decisions.at(-1)).toMatchObject({ allowed: true, remaining: 50 });
  });

  it("takes a refusal by the service for a failure", async () => {
    const cells = upstashStore(client("wrong"), options("token")).open(gcra, "limiter:a");
    expect(await cells.step("key", wide, take)).toMatchObject({ reason: "unavailable" });
  });

  it("keeps jobs whose texts look like JSON as they are", async () => {
    const jobs = upstashStore(client(), options("jobs")).jobs("tools");
    const retention = { succeeded: 1_000, failed: 1_000, dead: 1_000, expired: 1_000, cancelled: 1_000 };
    const payload = '{"a":[1,"2"]}';
    const job = { tool: "123", payload, delayMs: 0, deadlineMs: 0, attempts: 1, maxQueued: 0, dedupe: "null" };
    expect(
      await jobs.enqueue([
        { ...job, id: "1" },
        { ...job, id: "true" },
      ]),
    ).toEqual({
      accepted: true,
      jobs: [
        { id: "1", duplicate: false },
        { id: "1", duplicate: true },
      ],
    });
    const tools = [{ name: "123", maxRunning: 0 }];
    const claim = await jobs.claim({ tools, max: 5, leaseMs: 1_000, scan: 10, retention });
    if (claim instanceof StoreFailure) throw claim.error;
    expect(claim.jobs).toMatchObject([{ id: "1", tool: "123", payload }]);
    const ends = claim.jobs.map(({ id, fence }) => ({ id, fence, kind: "succeeded", result: "[1]" }) as const);
    expect(await jobs.finish(ends, retention)).toMatchObject({ finished: ["kept"] });
    expect(((await jobs.get("1")) as JobRecord).result).toBe("[1]");
    expect(await jobs.stats()).toMatchObject({ tools: { "123": { ended: { succeeded: 1 } } } });
    expect(jobs.listen).toBeUndefined();
  });

  it("knows a client by what it can do", () => {
    expect(() => upstashStore({} as UpstashClient)).toThrow(ConfigError);
    expect(() => upstashStore(client(), { prefix: "a b" })).toThrow(/upstashStore.prefix/);
  });
});
