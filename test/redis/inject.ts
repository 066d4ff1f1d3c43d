import { randomUUID } from "node:crypto";
import { inject } from "vitest";

/**
 * The address of the plain redis-server that all test files of a run share. Files keep apart by key prefixes of their
 * own (`uniquePrefix`); nobody sends FLUSHALL, SCRIPT FLUSH or CONFIG SET to it.
 */
export function redisUrl(): string {
  return inject("redisUrl");
}

/**
 * The redis-server program, for tests that start servers of their own.
 *
 * @throws {Error} saying how to get it, where the run has only the address of a running one
 */
export function redisPath(): string {
  const provided = inject("redisServer");
  if (provided.kind === "command") return provided.path;
  throw new Error(
    "This test starts redis-servers of its own, and REDIS_URL is the address of one only. Put redis-server on PATH (Debian, Ubuntu: apt-get install redis-server).",
  );
}

/** A prefix of keys that no other test uses, in this run or another. */
export function uniquePrefix(name: string): string {
  return `test:${name}:${randomUUID()}:`;
}
