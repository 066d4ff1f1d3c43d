import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Tests that need a server of Node's, or its modules, say so by their name. */
const NODE_ONLY = "**/*.node.test.ts";
/** Tests that need a redis-server. */
const REDIS = ["test/redis/**/*.test.ts", "{src,examples,scripts,test}/**/*.redis.test.ts"];
/** Tests of pages, in a browser. */
const PAGES = "**/*.chromium.test.ts";
/** Tests that make load and judge how long answers take: one at a time, when all others are done. */
const LOAD = ["test/ops/**/*.test.ts", "src/ops/drill/{drill,load}.test.ts", "examples/*/test/{demo,game-day}.test.ts"];
/** Many tests wait for servers most of the time: even two cores have enough for two. */
const AT_ONCE = { maxWorkers: Math.max(2, availableParallelism() - 1), sequence: { groupOrder: 0 } };
const EDGE = "src/{core,kernel,primitives,stores/memory,boundary,observe,kit,sinks,adapters/sentry}/**/*.test.ts";

/** Which cases property tests try. */
const propertySeed = Number(process.env.PROPERTY_SEED ?? 1);
if (!Number.isSafeInteger(propertySeed)) {
  throw new Error(`PROPERTY_SEED is to be a whole number, and not ${process.env.PROPERTY_SEED}.`);
}

export default defineConfig({
  resolve: {
    // The examples import the package by its name, as their readers will, and run from source.
    alias: [
      { find: /^keelson$/, replacement: source("src/index.ts") },
      { find: /^keelson\/schema$/, replacement: source("src/schema.ts") },
      { find: /^keelson\/ops$/, replacement: source("src/ops/index.ts") },
      { find: /^keelson\/testing$/, replacement: source("src/testing/index.ts") },
      { find: /^keelson\/convex\/test$/, replacement: source("src/stores/convex/test.ts") },
      {
        find: /^keelson\/convex\/convex\.config$/,
        replacement: source("src/stores/convex/component/convex.config.ts"),
      },
      {
        find: /^keelson\/(convex|express|logs|node|oidc|operator|otel|prometheus|sentry)$/,
        replacement: source("src/adapters/$1/index.ts"),
      },
      { find: /^keelson\/(redis|upstash|sqlite)$/, replacement: source("src/stores/$1/index.ts") },
    ],
  },
  test: {
    expect: { requireAssertions: true },
    // Virtual time takes real time on a machine that is busy.
    testTimeout: 30_000,
    setupFiles: [source("test/setup/properties.ts")],
    provide: { propertySeed },
    projects: [
      {
        extends: true,
        test: {
          ...AT_ONCE,
          name: "node",
          include: ["src/**/*.test.ts", "examples/**/*.test.ts", "scripts/**/*.test.ts", "test/**/*.test.ts"],
          exclude: ["test/package/**", "test/setup/**", PAGES, ...REDIS, ...LOAD],
        },
      },
      {
        // The core once more in an isolated edge runtime.
        extends: true,
        test: {
          ...AT_ONCE,
          name: "edge",
          environment: "edge-runtime",
          pool: "vmThreads",
          include: [EDGE, "src/*.test.ts"],
          exclude: [NODE_ONLY, ...REDIS],
        },
      },
      {
        // What a user gets: the packed tarball in a project of its own.
        extends: true,
        test: {
          ...AT_ONCE,
          name: "package",
          include: ["test/package/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
      {
        // The programs that tests need, got by the tests themselves, and pages in a browser.
        extends: true,
        test: {
          ...AT_ONCE,
          name: "tools",
          include: ["test/setup/**/*.test.ts", PAGES],
          globalSetup: ["test/setup/global-setup.ts", "test/setup/chromium-setup.ts"],
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: "load",
          include: LOAD,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // What needs a Redis: one plain server for the whole run, and servers that tests start for themselves.
        extends: true,
        test: {
          ...AT_ONCE,
          name: "redis",
          include: REDIS,
          globalSetup: ["test/setup/global-setup.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
