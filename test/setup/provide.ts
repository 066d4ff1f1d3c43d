import { spawnSync } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/** A program that tests need. */
export interface Tool {
  /** What it is called in messages. */
  readonly name: string;
  /** Its commands, the first one found is taken. */
  readonly commands: readonly string[];
  /** Its package in Debian and Ubuntu. */
  readonly aptPackage: string;
  /** A variable that names a running one, to be used instead. */
  readonly url?: string;
}

/** Where a tool is: a command to start, or the address of one that runs already. */
export type Provided =
  | { readonly kind: "command"; readonly path: string }
  | { readonly kind: "url"; readonly url: string };

/** The world outside, as far as finding a tool looks at it. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly root: boolean;
  /** Runs a command to its end; the exit code, or `null` when there is no such command. */
  run(command: string, args: readonly string[]): number | null;
}

export const redisServer: Tool = {
  name: "redis-server",
  commands: ["redis-server"],
  aptPackage: "redis-server",
  url: "REDIS_URL",
};

export const chromium: Tool = {
  name: "chromium",
  commands: ["chromium", "chromium-browser", "google-chrome"],
  aptPackage: "chromium",
};

export const curl: Tool = { name: "curl", commands: ["curl"], aptPackage: "curl" };

/**
 * Finds a tool on PATH; else installs it with apt-get, where this process is root; else takes the address that a
 * variable names.
 *
 * @throws {Error} saying how to get it, when there is no way: tests that need it fail, they are never skipped
 */
export function provide(tool: Tool, surroundings: Surroundings = machine): Provided {
  const there = onPath(tool, surroundings);
  if (there !== undefined) return there;
  const installed = surroundings.root && install(tool, surroundings) ? onPath(tool, surroundings) : undefined;
  if (installed !== undefined) return installed;
  const url = tool.url === undefined ? undefined : surroundings.env[tool.url];
  if (url !== undefined && url !== "") return { kind: "url", url };
  const instead = tool.url === undefined ? "" : `, or set ${tool.url} to the address of a running one`;
  throw new Error(
    `These tests need ${tool.name}. Put ${tool.commands.join(" or ")} on PATH (Debian, Ubuntu: apt-get install ${tool.aptPackage})${instead}.`,
  );
}

/** This machine. */
const machine: Surroundings = {
  env: process.env,
  root: process.getuid?.() === 0,
  run(command, args) {
    const { status, error } = spawnSync(command, args, {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
    return error === undefined ? status : null;
  },
};

function install(tool: Tool, { run }: Surroundings): boolean {
  if (run("apt-get", ["--version"]) !== 0) return false;
  // A list that can't be brought up to date may still be good enough.
  run("apt-get", ["update", "-q"]);
  return run("apt-get", ["install", "-y", "-q", "--no-install-recommends", tool.aptPackage]) === 0;
}

function onPath(tool: Tool, { env }: Surroundings): Provided | undefined {
  for (const command of tool.commands) {
    for (const folder of (env.PATH ?? "").split(delimiter)) {
      const path = join(folder, command);
      if (folder !== "" && isExecutable(path)) return { kind: "command", path };
    }
  }
  return undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
