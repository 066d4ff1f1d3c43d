import type { TestProject } from "vitest/node";
import { chromium, type Provided, provide, redisServer } from "./provide.js";

declare module "vitest" {
  interface ProvidedContext {
    redisServer: Provided;
    chromium: Provided;
  }
}

/** Sees to the programs that a project's tests need, before the first of them. */
export default function setup(project: TestProject): void {
  project.provide("redisServer", provide(redisServer));
  project.provide("chromium", provide(chromium));
}
