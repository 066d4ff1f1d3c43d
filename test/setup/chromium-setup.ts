import type { TestProject } from "vitest/node";
import { chromium, type Provided, provide } from "./provide.js";

declare module "vitest" {
  interface ProvidedContext {
    chromium: Provided;
  }
}

/** Sees to a browser before the first test of a project. */
export default function setup(project: TestProject): void {
  project.provide("chromium", provide(chromium));
}
