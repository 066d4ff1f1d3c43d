import { EventEmitter } from "node:events";
import { Agent, createServer, get, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { ConfigError } from "../../core/config.js";
import { ManualClock } from "../../testing/manual-clock.js";
import { closeOnSignals } from "./close.js";

interface Served {
  readonly server: Server;
  /** Responses that the test has to end. */
  readonly open: ServerResponse[];
  request(path: string): Promise<string>;
}

async function serve(): Promise<Served> {
  const open: ServerResponse[] = [];
  const server = createServer((request, response) => {
    if (request.url === "/hang") {
      open.push(response);
      response.write("a");
    } else response.end("ok");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => {
    agent.destroy();
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    server,
    open,
    request: (path) =>
      new Promise((resolve, reject) => {
        get({ host: "127.0.0.1", port, path, agent }, (response) => {
          let body = "";
          response.setEncoding("utf8");
          response.on("data", (chunk: string) => {
            body += chunk;
          });
          response.on("end", () => resolve(body));
          response.on("error", reject);
        }).on("error", reject);
      }),
  };
}

function kitOf(log: string[]) {
  return {
    close: async ({ drain }: { drain: number | string }) => {
      log.push(`kit ${drain}`);
    },
  };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

describe("closeOnSignals", () => {
  it("turns readiness off, then closes the server, then the kit, at the first signal", async () => {
    const { server, request } = await serve();
    const source = new EventEmitter();
    const log: string[] = [];
    server.on("close", () => log.push("server"));
    const shutdown = closeOnSignals(kitOf(log), server, { source, clock: new ManualClock() });
    expect(await request("/")).toBe("ok");
    expect(shutdown.ready).toBe(true);
    source.emit("SIGTERM");
    expect(shutdown.ready).toBe(false);
    await shutdown.close();
    expect(log).toEqual(["server", "kit 10000"]);
  });

  it("leaves a second signal to the process", async () => {
    const { server } = await serve();
    const source = new EventEmitter();
    const shutdown = closeOnSignals(kitOf([]), server, { source, clock: new ManualClock() });
    expect(source.listenerCount("SIGTERM") + source.listenerCount("SIGINT")).toBe(2);
    source.emit("SIGINT");
    expect(source.listenerCount("SIGTERM") + source.listenerCount("SIGINT")).toBe(0);
    await shutdown.close();
  });

  it("lets a request under way end, although its connection is kept alive", async () => {
    const { server, open, request } = await serve();
    const clock = new ManualClock();
    const log: string[] = [];
    const shutdown = closeOnSignals(kitOf(log), server, { source: new EventEmitter(), clock, drain: "2s" });
    const answer = request("/hang");
    await until(() => open.length === 1);
    const closed = shutdown.close();
    await clock.advance(1_000);
    expect(log).toEqual([]);
    open[0]?.end("b");
    expect(await answer).toBe("ab");
    await clock.advance(50);
    await closed;
    expect(log).toEqual([expect.stringMatching(/^kit (1000|950)$/)]);
    expect(clock.pending()).toBe(0);
  });

  it("cuts what has not ended in time, after the kit had its turn", async () => {
    const { server, open, request } = await serve();
    const clock = new ManualClock();
    const log: string[] = [];
    const shutdown = closeOnSignals(kitOf(log), server, { source: new EventEmitter(), clock, drain: "2s" });
    const answer = request("/hang").catch((error: NodeJS.ErrnoException) => error.code);
    await until(() => open.length === 1);
    const closed = shutdown.close();
    await clock.advance(2_000);
    await closed;
    expect(log).toEqual(["kit 0"]);
    expect(await answer).toBe("ECONNRESET");
  });

  it("goes on accepting for as long as a load balancer needs to notice", async () => {
    const { server, request } = await serve();
    const clock = new ManualClock();
    const shutdown = closeOnSignals(kitOf([]), server, { source: new EventEmitter(), clock, unready: "3s" });
    const closed = shutdown.close();
    await clock.advance(2_999);
    expect(shutdown.ready).toBe(false);
    expect(await request("/")).toBe("ok");
    await clock.advance(1);
    await closed;
    expect(server.listening).toBe(false);
  });

  it("closes once, however often it is asked", async () => {
    const { server } = await serve();
    const log: string[] = [];
    const shutdown = closeOnSignals(kitOf(log), server, { source: new EventEmitter(), clock: new ManualClock() });
    await Promise.all([shutdown.close(), shutdown.close()]);
    expect(log).toHaveLength(1);
  });

  it("closes the kit of a server that never listened", async () => {
    const log: string[] = [];
    await closeOnSignals(kitOf(log), createServer(), { source: new EventEmitter(), clock: new ManualClock() }).close();
    expect(log).toEqual(["kit 10000"]);
  });

  it("passes on that the kit failed to close, and cuts the connections all the same", async () => {
    const { server, open, request } = await serve();
    const clock = new ManualClock();
    const kit = { close: () => Promise.reject(new Error("store gone")) };
    const shutdown = closeOnSignals(kit, server, { source: new EventEmitter(), clock, drain: 0 });
    const answer = request("/hang").catch((error: NodeJS.ErrnoException) => error.code);
    await until(() => open.length === 1);
    await expect(shutdown.close()).rejects.toThrow("store gone");
    expect(await answer).toBe("ECONNRESET");
  });

  it("hears no signal after it was told to forget", async () => {
    const { server } = await serve();
    const source = new EventEmitter();
    const shutdown = closeOnSignals(kitOf([]), server, { source });
    shutdown.forget();
    source.emit("SIGTERM");
    expect(shutdown.ready).toBe(true);
  });

  it("refuses wrong options", () => {
    const server = createServer();
    expect(() => closeOnSignals(kitOf([]), server, { drain: "soon" as "1s" })).toThrow(ConfigError);
    expect(() => closeOnSignals(kitOf([]), server, { drian: 1 } as object)).toThrow(/closeOnSignals\.drian/);
  });
});
