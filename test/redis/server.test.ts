import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { Redis } from "ioredis";
import { expect, it, onTestFinished } from "vitest";
import { ask } from "../setup/redis.js";
import { redisPath, redisUrl, uniquePrefix } from "./inject.js";
import { type Server, type ServerOptions, startServer } from "./server.js";

async function server(options: Omit<ServerOptions, "path"> = {}): Promise<Server> {
  const started = await startServer({ path: redisPath(), ...options });
  onTestFinished(() => started.stop());
  return started;
}

function client(url: string): Redis {
  const redis = new Redis(url);
  // What a test expects of a connection that breaks, it expects of the commands.
  redis.on("error", () => undefined);
  onTestFinished(() => redis.disconnect());
  return redis;
}

it("the server that all share answers", async () => {
  const key = `${uniquePrefix("server")}key`;
  const redis = client(redisUrl());
  await redis.set(key, "here", "EX", 10);
  expect(await redis.get(key)).toBe("here");
});

it("a server that stops is gone, and its folder too", async () => {
  const { host, port, pid, folder, stop } = await server();
  expect(await ask(host, port, "PING")).toBe("+PONG");
  await stop();
  await stop();
  await expect(ask(host, port, "PING")).rejects.toThrow("ECONNREFUSED");
  expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  expect(existsSync(folder)).toBe(false);
});

it("with an append-only file, what was acknowledged is there after a kill and a restart", async () => {
  const redis = await server({ aof: true });
  const { port, pid } = redis;
  const before = client(redis.url);
  await before.set("kept", "1");
  before.disconnect();
  await redis.kill();
  await redis.restart();
  expect(redis.port).toBe(port);
  expect(redis.pid).not.toBe(pid);
  expect(await client(redis.url).get("kept")).toBe("1");
});

it("without one, a restart finds nothing", async () => {
  const redis = await server();
  const before = client(redis.url);
  await before.set("lost", "1");
  before.disconnect();
  await redis.restart();
  expect(await client(redis.url).get("lost")).toBeNull();
});

it("memory has the limit and the policy asked for", async () => {
  const redis = await server({ maxmemory: "1mb", policy: "noeviction" });
  const asked = client(redis.url);
  expect(await asked.config("GET", "maxmemory-policy")).toEqual(["maxmemory-policy", "noeviction"]);
  await expect(asked.set("large", "x".repeat(2_000_000)).then(() => asked.set("more", "1"))).rejects.toThrow("OOM");
});

it("more options reach the server", async () => {
  const redis = await server({ extra: ["--maxclients", "7"] });
  expect(await client(redis.url).config("GET", "maxclients")).toEqual(["maxclients", "7"]);
});

it("a paused server answers nothing before it goes on", async () => {
  const redis = await server();
  const asked = client(redis.url);
  await asked.ping();
  let answered = false;
  redis.pause();
  const answer = asked.ping().then((pong) => {
    answered = true;
    return pong;
  });
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(answered).toBe(false);
  redis.resume();
  expect(await answer).toBe("PONG");
  await redis.pauseMs(10);
  expect(await asked.ping()).toBe("PONG");
  redis.pause();
  await redis.stop();
});

it("a server that can't start says why", async () => {
  await expect(server({ extra: ["--no-such-option", "1"] })).rejects.toThrow("no-such-option");
});

it("a server ends with the process that started it, even when that one is killed", async () => {
  const started = `import { startServer } from "./test/redis/server.ts";
    console.log((await startServer({ path: ${JSON.stringify(redisPath())} })).pid); setInterval(() => 0, 1000)`;
  const parent = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", started]);
  const pid = await new Promise<number>((resolve) => parent.stdout.once("data", (line) => resolve(Number(line))));
  expect(process.kill(pid, 0)).toBe(true);
  parent.kill("SIGKILL");
  await expect.poll(() => alive(pid), { timeout: 5000 }).toBe(false);
});

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
