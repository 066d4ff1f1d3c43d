/**
 * Writes the surface matrix of the Convex app: every endpoint and every function, with its protections. It fails where
 * a public function has none. With `--check` only says whether the committed one is up to date.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Endpoint, type Surface, surfaceMarkdown, surfaceMatrix } from "keelson";
import { guardedSurface } from "keelson/convex";
import { loaded, loadFunctions } from "../examples/convex-app/serve/deployment.js";
import { root } from "./once.js";

/** The app's own copy, and the one where the reliability roadmap has it. */
const FILES = ["examples/convex-app/docs/surface-matrix.md", "scripts/reliability/phase-2-surface-matrix.md"];

const modules = await loadFunctions({});
const { endpoints } = await loaded<{ endpoints: readonly Endpoint[] }>(modules, "http");
const surfaces = {
  http: endpoints.map((endpoint) => endpoint.surface()),
  public: [] as Surface[],
  internal: [] as Surface[],
};
const bare: string[] = [];
for (const [name, load] of Object.entries(modules)) {
  for (const [key, fn] of Object.entries((await load()) as Record<string, unknown>)) {
    const { isPublic, isInternal } = (fn ?? {}) as { isPublic?: boolean; isInternal?: boolean };
    if (isPublic !== true && isInternal !== true) continue;
    const surface = guardedSurface(fn as object);
    if (surface !== undefined) surfaces[isPublic ? "public" : "internal"].push(surface);
    else if (isPublic) bare.push(`${name.slice(2, -3)}:${key}`);
  }
}
if (bare.length > 0) {
  console.error(`public functions without guards: ${bare.join(", ")}`);
  process.exit(1);
}

const part = (title: string, list: readonly Surface[]) => `## ${title}\n\n${surfaceMarkdown(surfaceMatrix(list))}`;
const text = `# The surface of the Convex app

Every way in, with its protections, from the definitions themselves: \`npm run surface\` writes this page, and CI fails when
it is out of date or when a public function has no guards.

${part("Routes", surfaces.http)}
${part("Public functions", surfaces.public)}
${part("Internal functions", surfaces.internal)}`;

const outdated = FILES.filter((file) => {
  const path = join(root, file);
  return !existsSync(path) || readFileSync(path, "utf8") !== text;
});
if (!process.argv.includes("--check")) {
  for (const file of FILES) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  console.log(`wrote ${FILES.join(", ")}`);
} else if (outdated.length > 0) {
  console.error(`out of date: ${outdated.join(", ")}; npm run surface`);
  process.exit(1);
} else {
  console.log(`${FILES.join(", ")} are up to date`);
}
