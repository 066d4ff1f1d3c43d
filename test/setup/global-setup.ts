import type { TestProject } from "vitest/node";
import { type Provided, provide, redisServer } from "./provide.js";
import { startRedis } from "./redis.js";

declare module "vitest" {
  interface ProvidedContext {
    redisServer: Provided;
    /** A plain redis-server that the whole run shares. */
    redisUrl: string;
  }
}

/** Sees to Redis before the first test of a project; ends the server that it started after the last one. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const provided = provide(redisServer);
  const shared = await startRedis(provided);
  project.provide("redisServer", provided);
  project.provide("redisUrl", shared.url);
  return () => shared.stop();
}
