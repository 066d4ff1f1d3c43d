import { defineConfig, type Options } from "tsup";

const shared = {
  entry: {
    index: "src/index.ts",
    express: "src/adapters/express/index.ts",
    node: "src/adapters/node/index.ts",
    oidc: "src/adapters/oidc/index.ts",
    schema: "src/schema.ts",
    testing: "src/testing/index.ts",
  },
  outDir: "dist",
  target: "es2022",
  // The entries for Node name its modules with the prefix, and the core names none.
  platform: "neutral",
  splitting: true,
  dts: true,
  silent: true,
} satisfies Options;

export default defineConfig([
  { ...shared, format: "esm" },
  // Whatever has no CommonJS build of its own is taken in, so that require() works before Node could require ESM.
  { ...shared, format: "cjs", noExternal: ["p-retry", "is-network-error", "p-timeout", "jose"] },
]);
