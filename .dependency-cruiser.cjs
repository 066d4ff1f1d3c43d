/**
 * Imports point one way: core ← kernel ← primitives, stores ← boundary, observe ← kit ← adapters, ops, testing.
 * Tests may import anything.
 */
const TESTS = "\\.test\\.ts$|[./]fixtures?\\.ts$";

/** @param {string} layer @param {string[]} allowed folders under src that the layer may import besides itself */
const only = (layer, allowed) => ({
  name: `${layer}-imports`,
  comment: `src/${layer} may import ${["itself", ...allowed].join(", ")} and nothing else of ours`,
  severity: "error",
  from: { path: `^src/${layer}(/|\\.ts$)`, pathNot: TESTS },
  to: { path: "^(src|test|bench|examples)/", pathNot: `^src/(${[layer, ...allowed].join("|")})(/|\\.ts$)` },
});

const CORE = ["core", "kernel", "primitives"];
const KIT = [...CORE, "stores/memory", "boundary", "observe"];

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    only("core", []),
    only("kernel", ["core"]),
    only("primitives", ["core", "kernel"]),
    only("stores/memory", ["core", "kernel"]),
    only("stores/scripted", ["core", "kernel"]),
    only("stores/redis", ["core", "kernel", "stores/scripted"]),
    only("stores/sqlite", ["core", "kernel"]),
    only("stores/convex", ["core", "kernel"]),
    only("stores/upstash", ["core", "kernel", "stores/scripted"]),
    only("boundary", CORE),
    only("observe", [...CORE, "boundary"]),
    only("kit", KIT),
    only("index", [...KIT, "kit"]),
    only("schema", [...CORE, "boundary", "observe"]),
    only("adapters/convex", [...KIT, "kit", "stores/convex"]),
    only("adapters/express", [...KIT, "kit"]),
    only("adapters/node", [...KIT, "kit"]),
    only("adapters/oidc", [...KIT, "kit"]),
    only("sinks", [...KIT, "kit"]),
    only("adapters/logs", [...KIT, "kit", "sinks"]),
    only("adapters/otel", [...KIT, "kit", "sinks"]),
    only("adapters/prometheus", [...KIT, "kit", "sinks"]),
    only("adapters/sentry", [...KIT, "kit", "sinks"]),
    only("testing", [...KIT, "kit"]),
    {
      name: "no-cycles",
      comment: "a cycle means that two modules are one: types count, too",
      severity: "error",
      from: { pathNot: TESTS },
      // (What Convex generates names every module of a component, and every module may name it.)
      to: { circular: true, viaOnly: { pathNot: "/_generated/" } },
    },
    {
      name: "core-runs-anywhere",
      comment:
        "the core entry and sinks run in edge runtimes and Convex: only other adapters, ops and testing may use Node's modules",
      severity: "error",
      from: { path: "^src", pathNot: ["^src/(adapters/(convex|express|node|oidc)|ops|testing)/", TESTS] },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "core-without-zod",
      comment: "users bring their own schema library; the core knows the Standard Schema's types",
      severity: "error",
      from: { path: "^src", pathNot: ["^src/schema\\.ts$", TESTS] },
      to: { path: "(^|/)node_modules/zod/" },
    },
    {
      name: "no-undeclared-package",
      comment: "what ships is a dependency or a peer",
      severity: "error",
      from: { path: "^src", pathNot: TESTS },
      to: {
        dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"],
        dependencyTypesNot: ["npm-peer"],
      },
    },
    {
      name: "resolves",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types", "default"] },
  },
};
