import { Redis } from "@upstash/redis";
import { describe, expect, it, onTestFinished } from "vitest";
import { redisUrl, uniquePrefix } from "../../../test/redis/inject.js";
import { startRestGateway } from "../../../test/redis/rest-gateway.js";
import { startTcpProxy } from "../../../test/redis/tcp-proxy.js";
import { StoreFailure } from "../../core/store.js";
import { gcra } from "../../kernel/limit/gcra.js";
import type { LimitDecision, LimitInput } from "../../kernel/limit/limit.js";
import { noneUnhandled } from "../redis/rejections.fixture.js";
import { upstashStore } from "./upstash-store.js";

noneUnhandled();

const wide = { limit: 1_000, windowMs: 31_536_000_000, burst: 1_000, blockMs: 0 };
const take: LimitInput = { op: "take", amount: 1, at: -1 };

async function setup(retry: false | { readonly retries: number } | undefined) {
  const gateway = await startRestGateway(redisUrl());
  onTestFinished(() => gateway.stop());
  const { hostname, port } = new URL(gateway.url);
  const proxy = await startTcpProxy({ host: hostname, port: Number(port) });
  onTestFinished(() => proxy.stop());
  const url = `http://127.0.0.1:${proxy.port}`;
  const client = new Redis({
    url,
    token: gateway.token,
    enableTelemetry: false,
    ...(retry !== undefined && { retry }),
  });
  const warnings: string[] = [];
  const onWarning = ({ message }: Error) => warnings.push(message);
  const store = upstashStore(client, { prefix: uniquePrefix("upstash-network"), deadline: "1s", onWarning });
  const cells = store.open(gcra, "limiter:a");
  const asked = (op: "take" | "peek") => cells.step("key", wide, { ...take, op });
  const untilDecided = async (op: "take" | "peek"): Promise<LimitDecision> => {
    for (;;) {
      const outcome = await asked(op);
      if (!(outcome instanceof StoreFailure)) return outcome;
    }
  };
  return { gateway, proxy, warnings, take: () => asked("take"), untilDecided };
}

describe("a store over REST and a network", () => {
  it("that loses answers: each request is counted once", async () => {
    const { gateway, proxy, take, untilDecided, warnings } = await setup({ retries: 0 });
    await untilDecided("take");
    proxy.resetOnAnswer();
    for (let n = 0; n < 5; n++) expect(await take()).toMatchObject({ reason: "unavailable", applied: "unknown" });
    proxy.heal();
    expect(wide.burst - (await untilDecided("peek")).remaining).toBe(6);
    expect(gateway.requests).toBeLessThanOrEqual(6 + 5);
    expect(warnings).toEqual([]);
  });

  it("that swallows and refuses: calls end, and go on when that is over", async () => {
    const { proxy, take, untilDecided } = await setup({ retries: 0 });
    await untilDecided("take");
    proxy.drop();
    expect(await take()).toEqual(new StoreFailure("timeout", "unknown"));
    proxy.refuse();
    expect(await take()).toMatchObject({ reason: "unavailable" });
    proxy.heal();
    expect(wide.burst - (await untilDecided("peek")).remaining).toBe(1);
  });

  it.each([undefined, false, { retries: 2 }] as const)("warns of a client that tries again (%j)", async (retry) => {
    const { warnings } = await setup(retry);
    expect(warnings).toEqual([expect.stringContaining("Set retry: { retries: 0 }")]);
  });
});
