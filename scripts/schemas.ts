/**
 * Writes the JSON Schemas that the package ships, from the zod schemas, to schemas/: of a kit's snapshot, and of what
 * the commands read and write. With `--check` only says whether they are up to date.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { OPS_SCHEMAS } from "../src/ops/schemas.js";
import { snapshotSchema } from "../src/schema.js";
import { root } from "./once.js";

const folder = join(root, "schemas");
const all = {
  "snapshot.schema.json": { title: "Keelson snapshot", schema: snapshotSchema as z.ZodType },
  ...OPS_SCHEMAS,
};

function text(file: string, { title, schema }: (typeof OPS_SCHEMAS)[string]): string {
  const { $schema, ...rest } = z.toJSONSchema(schema, {
    target: "draft-2020-12",
    // What is read, not what is left of it after parsing: unknown fields are allowed.
    io: "input",
    // Functions in a configuration: JSON has none, and a file in TypeScript is checked when it is loaded.
    unrepresentable: "any",
  });
  return `${JSON.stringify({ $schema, $id: `keelson/schemas/${file}`, title, ...rest }, null, 2)}\n`;
}

const check = process.argv.includes("--check");
mkdirSync(folder, { recursive: true });
let stale = readdirSync(folder).filter((file) => !(file in all));
for (const [file, one] of Object.entries(all)) {
  const path = join(folder, file);
  const wanted = text(file, one);
  if (existsSync(path) && readFileSync(path, "utf8") === wanted) continue;
  if (check) stale = [...stale, file];
  else {
    writeFileSync(path, wanted);
    console.log(`wrote schemas/${file}`);
  }
}
if (stale.length > 0) {
  console.error(`out of date, or of nothing: ${stale.map((file) => `schemas/${file}`).join(", ")}: npm run schema`);
  process.exit(1);
}
console.log("schemas/ is up to date");
