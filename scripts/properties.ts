/**
 * Runs all property tests with other cases than those that CI tries: `npm run properties -- 20` takes 20 seeds, and
 * names those that found something. `PROPERTY_SEED=<seed> npx vitest run <file>` then shows it again.
 */
import { randomInt } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./once.js";
import { attempt } from "./run.js";

const rounds = Number(process.argv[2] ?? 10);
if (!Number.isSafeInteger(rounds) || rounds < 1)
  throw new Error(`How many seeds is 1 or more, and not ${process.argv[2]}.`);

const files = ["src", "examples", "test"]
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((file) => join(folder, file)),
  )
  .filter((file) => file.endsWith(".test.ts") && !file.includes("node_modules"))
  .filter((file) => readFileSync(join(root, file), "utf8").includes("fast-check"));

const found: number[] = [];
for (let round = 0; round < rounds; round++) {
  const seed = randomInt(1, 2 ** 31);
  process.env.PROPERTY_SEED = String(seed);
  console.log(`\n── seed ${seed}`);
  if (!attempt("npx", ["--no-install", "vitest", "run", "--project=node", "--project=redis", ...files]))
    found.push(seed);
}
if (found.length > 0)
  throw new Error(`Something was found with ${found.length} of ${rounds} seeds: ${found.join(", ")}.`);
console.log(`\nNothing was found with ${rounds} seeds.`);
