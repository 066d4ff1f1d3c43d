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

const file = "examples/convex-app/docs/surface-matrix.md";
const path = join(root, file);

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

if (!process.argv.includes("--check")) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  console.log(`wrote ${file}`);
} else if (existsSync(path) && readFileSync(path, "utf8") === text) {
  console.log(`${file} is up to date`);
} else {
  console.error(`${file} is out of date: npm run surface`);
  process.exit(1);
}
