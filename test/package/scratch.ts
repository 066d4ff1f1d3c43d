import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A project in a folder of its own, far from this repository's node_modules. */
export class Scratch {
  readonly folder = mkdtempSync(join(tmpdir(), "keelson-scratch-"));

  constructor() {
    this.write("package.json", JSON.stringify({ name: "scratch", private: true, type: "module" }));
  }

  write(file: string, text: string): void {
    const path = join(this.folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  /** Installs from npm's own cache where it can; answers nothing but the packages are there. */
  install(...packages: string[]): void {
    this.run("npm", "install", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts", ...packages);
  }

  /**
   * Runs a command here and answers what it printed.
   *
   * @throws {Error} with all its output, when it fails
   */
  run(command: string, ...args: string[]): string {
    const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: this.folder, encoding: "utf8" });
    if (error !== undefined) throw error;
    if (status !== 0) throw new Error(`${command} ${args.join(" ")} exited with ${status}:\n${stdout}\n${stderr}`);
    return stdout;
  }

  /** Runs a file with Node as old as this package allows: one that can't require ESM. */
  node(file: string): string {
    const asOld = process.allowedNodeEnvironmentFlags.has("--experimental-require-module")
      ? ["--no-experimental-require-module"]
      : [];
    return this.run(process.execPath, ...asOld, file);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
