import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { chromium, provide, redisServer, type Surroundings } from "./provide.js";

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "keelson-path-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function put(command: string, into: string): string {
  const path = join(into, command);
  writeFileSync(path, "#!/bin/sh\n");
  chmodSync(path, 0o755);
  return path;
}

function surroundings(env: Record<string, string>, log: string[], more: Partial<Surroundings> = {}): Surroundings {
  return {
    env,
    root: false,
    run: (command, args) => {
      log.push([command, ...args].join(" "));
      return 0;
    },
    ...more,
  };
}

describe("provide", () => {
  it("takes what is on PATH and installs nothing", () => {
    const bin = folder();
    const path = put("chromium-browser", bin);
    const log: string[] = [];
    const found = provide(chromium, surroundings({ PATH: `/nowhere:${bin}` }, log, { root: true }));
    expect(found).toEqual({ kind: "command", path });
    expect(log).toEqual([]);
  });

  it("installs with apt-get as root, with the lists brought up to date first", () => {
    const bin = folder();
    const log: string[] = [];
    const apt = surroundings({ PATH: bin }, log, { root: true });
    const run: Surroundings["run"] = (command, args) => {
      if (args[0] === "install") put("redis-server", bin);
      return apt.run(command, args);
    };
    expect(provide(redisServer, { ...apt, run })).toEqual({ kind: "command", path: join(bin, "redis-server") });
    expect(log).toEqual([
      "apt-get --version",
      "apt-get update -q",
      "apt-get install -y -q --no-install-recommends redis-server",
    ]);
  });

  it("takes the address of a running one where nothing may be installed", () => {
    const log: string[] = [];
    const env = { PATH: folder(), REDIS_URL: "redis://10.0.0.1:6380" };
    expect(provide(redisServer, surroundings(env, log))).toEqual({ kind: "url", url: "redis://10.0.0.1:6380" });
    expect(log).toEqual([]);
  });

  it.each([
    ["nothing may be installed", { root: false }],
    ["there is no apt-get", { root: true, run: () => null }],
    [
      "apt-get has no such package",
      { root: true, run: (_: string, args: readonly string[]) => (args[0] === "install" ? 100 : 0) },
    ],
  ])("fails and says how to get it where %s", (_, more) => {
    const bare = surroundings({ PATH: folder() }, [], more);
    expect(() => provide(redisServer, bare)).toThrow(
      "These tests need redis-server. Put redis-server on PATH (Debian, Ubuntu: apt-get install redis-server), or set REDIS_URL to the address of a running one.",
    );
    expect(() => provide(chromium, bare)).toThrow(
      "These tests need chromium. Put chromium or chromium-browser or google-chrome on PATH (Debian, Ubuntu: apt-get install chromium).",
    );
  });
});
