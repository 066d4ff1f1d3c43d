import { readFileSync } from "node:fs";
import { defineConfig, type Options } from "tsup";

const entries = {
  index: "src/index.ts",
  convex: "src/adapters/convex/index.ts",
  "convex-test": "src/stores/convex/test.ts",
  express: "src/adapters/express/index.ts",
  logs: "src/adapters/logs/index.ts",
  node: "src/adapters/node/index.ts",
  oidc: "src/adapters/oidc/index.ts",
  otel: "src/adapters/otel/index.ts",
  prometheus: "src/adapters/prometheus/index.ts",
  operator: "src/adapters/operator/index.ts",
  redis: "src/stores/redis/index.ts",
  schema: "src/schema.ts",
  sentry: "src/adapters/sentry/index.ts",
  testing: "src/testing/index.ts",
  upstash: "src/stores/upstash/index.ts",
  sqlite: "src/stores/sqlite/index.ts",
};

/** What runs on Node alone, as ES modules alone: its worker threads and its version are found beside the module itself. */
const ops = {
  ops: "src/ops/index.ts",
  bin: "src/ops/bin.ts",
  "drill-worker": "src/ops/drill/worker.ts",
};

/** Libraries of which keelson/ops needs a small part: taken in, so that nobody installs the rest. */
const BUNDLED = ["json-p3", "hdr-histogram-js"];

/**
 * What the core entry hands on, module by module: as entries of their own they get files of their own, and a bundler
 * leaves out those that a program doesn't use. In one file it would have to prove of each statement that it does nothing.
 */
const parts = Object.fromEntries(
  [...readFileSync(entries.index, "utf8").matchAll(/from "\.\/(.+)\.js"/g)].map(([, path]) => [
    `parts/${path}`,
    `src/${path}.ts`,
  ]),
);

const shared = {
  outDir: "dist",
  target: "es2022",
  // The entries for Node name its modules with the prefix, and the core names none.
  platform: "neutral",
  splitting: true,
  // No module does anything by being imported, so that none is imported for nothing.
  treeshake: { moduleSideEffects: false },
  silent: true,
} satisfies Options;

export default defineConfig([
  {
    ...shared,
    format: "esm",
    entry: { ...entries, ...parts, ...ops },
    dts: { entry: { ...entries, ops: ops.ops } },
    noExternal: BUNDLED,
    esbuildOptions: (options) => {
      // Of what is taken in, some names no entry but by these.
      options.mainFields = ["module", "main"];
    },
  },
  // Whatever has no CommonJS build of its own is taken in, so that require() works before Node could require ESM.
  {
    ...shared,
    format: "cjs",
    // Its declarations are those of the ES modules: scripts/build.ts sees to them.
    entry: entries,
    noExternal: ["p-retry", "is-network-error", "p-timeout", "jose"],
  },
]);
