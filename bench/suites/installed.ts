/**
 * What `npm install keelson` puts on a disk, dependencies included: packs the package, installs it into an empty project,
 * and adds up all files. More than the budget is a failure.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const BUDGET_MB = 20;
const MB = 1_000_000;

function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

function packagesIn(modules: string): string[] {
  return readdirSync(modules)
    .filter((name) => !name.startsWith("."))
    .flatMap((name) =>
      name.startsWith("@") ? readdirSync(join(modules, name)).map((one) => `${name}/${one}`) : [name],
    );
}

const project = mkdtempSync(join(tmpdir(), "keelson-installed-"));
try {
  const npm = (...args: string[]) => execFileSync("npm", args, { cwd: project, encoding: "utf8" });
  writeFileSync(join(project, "package.json"), JSON.stringify({ private: true }));
  execFileSync("npx", ["--no-install", "tsx", "scripts/build.ts"], { stdio: "inherit" });
  execFileSync("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", project]);
  const tarball = readdirSync(project).find((file) => file.endsWith(".tgz")) ?? "";
  npm(
    "install",
    "--silent",
    "--no-audit",
    "--no-fund",
    "--ignore-scripts",
    "--omit=optional",
    "--omit=peer",
    `./${tarball}`,
  );
  const modules = join(project, "node_modules");
  const sizes = packagesIn(modules)
    .map((name) => [name, sizeOf(join(modules, name))] as const)
    .sort(([, a], [, b]) => b - a);
  const total = sizes.reduce((sum, [, size]) => sum + size, 0);
  console.log("\nInstalled, with all dependencies (MB)\n");
  for (const [name, size] of sizes) console.log(`  ${name.padEnd(28)} ${(size / MB).toFixed(2).padStart(6)}`);
  console.log(`  ${"together".padEnd(28)} ${(total / MB).toFixed(2).padStart(6)}   budget ${BUDGET_MB}`);
  if (total > BUDGET_MB * MB) process.exitCode = 1;
} finally {
  rmSync(project, { recursive: true, force: true });
}
