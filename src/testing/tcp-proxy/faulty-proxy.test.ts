import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { ManualClock } from "../manual-clock.js";
import { type FaultyProxy, type FaultyProxyOptions, faultyProxy } from "./faulty-proxy.js";
import type { ProxyFault } from "./proxy-fault.js";

/** A server that says back what it hears. */
async function echo(): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.pipe(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function start(options: Partial<FaultyProxyOptions> = {}): Promise<FaultyProxy> {
  const proxy = await faultyProxy({ target: { port: await echo() }, ...options });
  onTestFinished(() => proxy.close());
  return proxy;
}

/** A client that collects what it hears. */
async function client({ host, port }: FaultyProxy) {
  const socket = connect({ host, port });
  onTestFinished(() => void socket.destroy());
  let heard = "";
  let failure: string | undefined;
  let ended = false;
  const waiting = new Set<() => void>();
  const changed = () => {
    for (const look of [...waiting]) look();
  };
  socket.on("data", (chunk) => {
    heard += chunk.toString();
    changed();
  });
  socket.on("error", (error) => {
    failure = (error as NodeJS.ErrnoException).code;
  });
  socket.on("end", () => {
    ended = true;
    changed();
  });
  socket.on("close", changed);
  await new Promise<void>((resolve) => {
    socket.once("connect", resolve);
    socket.once("close", () => resolve());
  });
  const until = (is: () => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!is()) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  return {
    socket,
    get heard() {
      return heard;
    },
    get failure() {
      return failure;
    },
    says: (text: string) => new Promise<void>((resolve) => socket.write(text, () => resolve())),
    hears: (text: string) => until(() => heard === text),
    ended: () => until(() => ended),
    closed: () => until(() => socket.destroyed),
  };
}

/** Lets what is on its way through the loopback arrive. */
async function arrived(is: () => boolean): Promise<void> {
  for (let turn = 0; turn < 10_000 && !is(); turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe("the proxy", () => {
  it("passes on what is said, and counts connections", async () => {
    const proxy = await start();
    const ada = await client(proxy);
    await ada.says("hello");
    await ada.hears("hello");
    expect(proxy.counts()).toEqual({ accepted: 1, open: 1, reset: 0, swallowed: 0 });
  });

  it.each([
    ["redis://127.0.0.1:6379", /^redis:\/\/127\.0\.0\.1:\d+$/],
    ["127.0.0.1:6379", /^tcp:\/\/127\.0\.0\.1:\d+$/],
  ])("has the address of %s with itself in its place", async (target, url) => {
    expect((await start({ target })).url).toMatch(url);
  });

  it("delays each way by itself, and keeps the order", async () => {
    const clock = new ManualClock();
    const proxy = await start({ clock });
    proxy.inject({ kind: "latency", delay: "200ms", jitter: "100ms", way: "answers" });
    const ada = await client(proxy);
    await ada.says("one");
    await arrived(() => clock.pending() > 0);
    expect(ada.heard).toBe("");
    await ada.says("two");
    await arrived(() => false);
    await clock.advance(199);
    await arrived(() => ada.heard !== "");
    expect(ada.heard).toBe("");
    await clock.advance(101);
    await ada.hears("onetwo");
  });

  it("lets through so much a second", async () => {
    const clock = new ManualClock();
    const proxy = await start({ clock });
    proxy.inject({ kind: "bandwidth", perSecond: 1000, way: "requests" });
    const ada = await client(proxy);
    await ada.says("x".repeat(1000));
    await arrived(() => clock.pending() > 0);
    await clock.advance(500);
    await ada.hears("x".repeat(500));
    await arrived(() => false);
    expect(ada.heard).toHaveLength(500);
    await clock.advance(500);
    await ada.hears("x".repeat(1000));
  });

  it("resets what stands and what comes, until the fault is gone", async () => {
    const proxy = await start();
    const ada = await client(proxy);
    const fault = proxy.inject({ kind: "reset" });
    await ada.closed();
    const bob = await client(proxy);
    await bob.closed();
    expect([ada.failure, bob.failure, proxy.counts().reset]).toEqual(["ECONNRESET", "ECONNRESET", 1]);
    fault.remove();
    const eve = await client(proxy);
    await eve.says("hello");
    await eve.hears("hello");
  });

  it("resets a connection in place of an answer", async () => {
    const proxy = await start();
    proxy.inject({ kind: "reset", on: "answer" });
    const ada = await client(proxy);
    await ada.says("hello");
    await ada.closed();
    expect([ada.failure, ada.heard]).toEqual(["ECONNRESET", ""]);
  });

  it("swallows bytes in a partition, and resets who lost some once it is over", async () => {
    const proxy = await start();
    const ada = await client(proxy);
    const partition = proxy.inject({ kind: "blackhole" });
    await ada.says("lost");
    await arrived(() => proxy.counts().swallowed > 0);
    expect(proxy.counts()).toMatchObject({ swallowed: 4, open: 1 });
    partition.remove();
    await ada.says("again");
    await ada.closed();
    expect([ada.failure, ada.heard]).toEqual(["ECONNRESET", ""]);
  });

  it("swallows answers alone: the server has heard", async () => {
    const proxy = await start();
    proxy.inject({ kind: "blackhole", way: "answers" });
    const ada = await client(proxy);
    await ada.says("hello");
    await arrived(() => proxy.counts().swallowed > 0);
    expect(proxy.counts().swallowed).toBe(5);
  });

  it("tells of an end late", async () => {
    const clock = new ManualClock();
    const proxy = await start({ clock });
    proxy.inject({ kind: "slow-close", delay: "1s" });
    const ada = await client(proxy);
    ada.socket.end("bye");
    await ada.hears("bye");
    await arrived(() => clock.pending() > 0);
    await clock.advance(1000);
    await arrived(() => clock.pending() > 0);
    await clock.advance(1000);
    await ada.ended();
    expect(ada.heard).toBe("bye");
  });

  it("is down, and comes back on its port when the time is up", async () => {
    const clock = new ManualClock();
    const proxy = await start({ clock });
    proxy.inject({ kind: "refuse", ttl: "5s" });
    await arrived(() => !proxy.listening);
    expect((await client(proxy)).failure).toBe("ECONNREFUSED");
    await clock.advance(5000);
    await arrived(() => proxy.listening);
    const ada = await client(proxy);
    await ada.says("hello");
    await ada.hears("hello");
    expect(proxy.faults).toEqual([]);
  });

  it.each<[string, unknown, RegExp]>([
    ["an unknown kind", { kind: "flood" }, /fault\.kind: got "flood"/],
    ["a latency without delay", { kind: "latency" }, /fault\.delay: got undefined/],
    ["an option of another kind", { kind: "reset", delay: "1s" }, /fault\.delay: got "1s"/],
    ["a way there is not", { kind: "blackhole", way: "up" }, /fault\.way: got "up"/],
    ["no bandwidth at all", { kind: "bandwidth", perSecond: 0 }, /fault\.perSecond: got 0/],
  ])("refuses %s", async (_, fault, message) => {
    const proxy = await start();
    expect(() => proxy.inject(fault as ProxyFault)).toThrow(message);
    expect(proxy.faults).toEqual([]);
  });

  it("refuses a target without a port", async () => {
    await expect(faultyProxy({ target: "localhost" })).rejects.toThrow(/faultyProxy\.target: got "localhost"/);
  });
});

describe("its admin port", () => {
  const ask = async ({ adminUrl }: FaultyProxy, method: string, path: string, body?: object) => {
    const response = await fetch(`${adminUrl}${path}`, {
      method,
      ...(body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  it("injects, tells and removes as those of stand-ins do", async () => {
    const proxy = await start({ admin: true, clock: new ManualClock() });
    const fault = { kind: "latency", delay: "1s", ttl: "30s" };
    const injected = await ask(proxy, "POST", "/faults", fault);
    expect(injected).toMatchObject({ status: 201, body: { id: 1, listening: true } });
    expect((await ask(proxy, "GET", "/faults")).body.faults).toEqual([{ id: 1, fault, leftMs: 30_000 }]);
    expect((await ask(proxy, "DELETE", "/faults/1")).status).toBe(200);
    expect((await ask(proxy, "DELETE", "/faults/1")).status).toBe(404);
  });

  it("closes the port before it answers, and opens it before it answers", async () => {
    const proxy = await start({ admin: true });
    expect((await ask(proxy, "POST", "/faults", { kind: "refuse" })).body).toMatchObject({ listening: false });
    expect((await ask(proxy, "DELETE", "/faults")).body).toMatchObject({ listening: true, faults: [] });
  });

  it("lets a fault go by itself after a minute where nothing else was said", async () => {
    const clock = new ManualClock();
    const proxy = await start({ admin: true, clock });
    await ask(proxy, "POST", "/faults", { kind: "blackhole" });
    await clock.advance(59_999);
    expect(proxy.faults).toHaveLength(1);
    await clock.advance(1);
    expect(proxy.faults).toEqual([]);
  });
});
