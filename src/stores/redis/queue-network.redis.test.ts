import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { redisUrl, uniquePrefix } from "../../../test/redis/inject.js";
import { startTcpProxy, type TcpProxy } from "../../../test/redis/tcp-proxy.js";
import { isKeelsonError } from "../../core/errors.js";
import { createKit } from "../../kit/kit.js";
import { ioRedis, nodeRedis, type Opened } from "./clients.fixture.js";
import { redisStore } from "./redis-store.js";
import { noneUnhandled } from "./rejections.fixture.js";

noneUnhandled();

async function proxied(): Promise<TcpProxy> {
  const { hostname, port } = new URL(redisUrl());
  const proxy = await startTcpProxy({ host: hostname, port: Number(port) });
  onTestFinished(() => proxy.stop());
  return proxy;
}

/** A process of its own, as far as Redis can tell. */
async function processOver(opened: Opened | Promise<Opened>, prefix: string) {
  const { client, close } = await opened;
  const kit = createKit({ service: "shop", store: redisStore(client, { prefix, onWarning: () => undefined }) });
  const runs: number[] = [];
  const double = kit.job({
    input: z.object({ n: z.number() }),
    attempts: 20,
    run: ({ n }) => {
      runs.push(n);
      return n * 2;
    },
  });
  const queue = kit.queue("tools", { jobs: { double }, lease: "1s", deadline: "200ms" });
  let hear: () => void = () => undefined;
  kit.events.on("queue.failure", () => hear());
  onTestFinished(async () => {
    await kit.close({ drain: "1s" });
    close();
  });
  /** Resolves when the store fails next. */
  const failing = () =>
    new Promise<void>((resolve) => {
      hear = resolve;
    });
  return { queue, runs, failing };
}

/** What each fault does, and how it is over. */
const faults: readonly (readonly [string, (proxy: TcpProxy) => void])[] = [
  ["delays", (proxy) => proxy.delay(400)],
  ["swallows everything", (proxy) => proxy.drop()],
  ["swallows answers", (proxy) => proxy.drop("answers")],
  ["resets", (proxy) => proxy.resetOnAnswer()],
  [
    "closes halfway, and then refuses",
    (proxy) => {
      proxy.halfClose();
      proxy.refuse();
    },
  ],
  ["refuses", (proxy) => proxy.refuse()],
];

describe.each([
  ["ioredis", (url: string) => ioRedis(url)],
  ["node-redis", (url: string) => nodeRedis(url)],
])("a queue over %s and a network", (_, open) => {
  it.each(faults)("that %s goes on when that is over", async (_name, fault) => {
    const proxy = await proxied();
    const prefix = uniquePrefix("queue-network");
    const [producer, worker] = [await processOver(open(proxy.url), prefix), await processOver(open(proxy.url), prefix)];
    worker.queue.process({ concurrency: 10 });
    const ask = (n: number) => producer.queue.enqueueAndWait("double", { n }, { wait: "20s" });
    expect(await ask(1)).toBe(2);

    const seen = [producer.failing(), worker.failing()];
    fault(proxy);
    // What is asked meanwhile ends one way or the other.
    const meanwhile = Array.from({ length: 30 }, (_, i) =>
      ask(100 + i).then(
        (result) => expect(result).toBe(2 * (100 + i)),
        (error: unknown) => expect(isKeelsonError(error) && error.code).toBe("unavailable"),
      ),
    );
    await Promise.all(seen);
    proxy.heal();

    const again = async (): Promise<unknown> => {
      try {
        return await ask(2);
      } catch (error) {
        expect(isKeelsonError(error) && error.code).toBe("unavailable");
        await new Promise((resolve) => setTimeout(resolve, 20));
        return again();
      }
    };
    expect(await again()).toBe(4);
    await Promise.all(meanwhile);
    // What was claimed by a call whose answer was lost runs when its lease is over.
    await expect
      .poll(() => producer.queue.stats().catch(() => undefined), { timeout: 10_000 })
      .toMatchObject({ double: { queued: 0, delayed: 0, running: 0, ended: { dead: 0, failed: 0 } } });
    expect(worker.runs).toContain(2);
  });
});
