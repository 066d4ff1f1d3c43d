/**
 * Writes the JSON Schema of a kit's snapshot, from the zod schema, to schemas/snapshot.schema.json. With `--check`
 * only says whether it is up to date.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { snapshotSchema } from "../src/schema.js";
import { root } from "./once.js";

const file = "schemas/snapshot.schema.json";
const path = join(root, file);
const { $schema, ...schema } = z.toJSONSchema(snapshotSchema, {
  target: "draft-2020-12",
  // What is read, not what is left of it after parsing: unknown fields are allowed.
  io: "input",
});
const text = `${JSON.stringify({ $schema, $id: "keelson/schemas/snapshot.schema.json", title: "Keelson snapshot", ...schema }, null, 2)}\n`;

if (!process.argv.includes("--check")) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  console.log(`wrote ${file}`);
} else if (existsSync(path) && readFileSync(path, "utf8") === text) {
  console.log(`${file} is up to date`);
} else {
  console.error(`${file} is out of date: npm run schema`);
  process.exit(1);
}
