import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Tests that need a server of Node's, or its modules, say so by their name. */
const NODE_ONLY = "**/*.node.test.ts";
const EDGE = "src/{core,kernel,primitives,stores/memory,boundary,observe,kit}/**/*.test.ts";

export default defineConfig({
  resolve: {
    // The examples import the package by its name, as their readers will, and run from source.
    alias: [
      { find: /^keelson$/, replacement: source("src/index.ts") },
      { find: /^keelson\/schema$/, replacement: source("src/schema.ts") },
      { find: /^keelson\/testing$/, replacement: source("src/testing/index.ts") },
      { find: /^keelson\/(express|node|oidc)$/, replacement: source("src/adapters/$1/index.ts") },
    ],
  },
  test: {
    expect: { requireAssertions: true },
    projects: [
      {
        extends: true,
        test: {
          name: "node",
          include: ["src/**/*.test.ts", "examples/**/*.test.ts", "scripts/**/*.test.ts", "test/**/*.test.ts"],
          exclude: ["test/package/**", "test/setup/**"],
        },
      },
      {
        // The core once more in an isolated edge runtime.
        extends: true,
        test: {
          name: "edge",
          environment: "edge-runtime",
          pool: "vmThreads",
          include: [EDGE, "src/*.test.ts"],
          exclude: [NODE_ONLY],
        },
      },
      {
        // What a user gets: the packed tarball in a project of its own.
        extends: true,
        test: {
          name: "package",
          include: ["test/package/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
      {
        // The programs that tests need, got by the tests themselves.
        extends: true,
        test: {
          name: "tools",
          include: ["test/setup/**/*.test.ts"],
          globalSetup: ["test/setup/global-setup.ts"],
          testTimeout: 60_000,
        },
      },
    ],
  },
});
