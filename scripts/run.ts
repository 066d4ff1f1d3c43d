import { spawnSync } from "node:child_process";
import { root } from "./once.js";

/** Runs one of the installed commands in the repository and lets its output through; true when it went well. */
export function attempt(command: string, args: readonly string[]): boolean {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: "inherit", shell: false });
  if (error !== undefined) throw error;
  return status === 0;
}

/**
 * The same, for what must go well.
 *
 * @throws {Error} naming the command when it does not
 */
export function run(command: string, args: readonly string[]): void {
  if (!attempt(command, args)) throw new Error(`failed: ${command} ${args.join(" ")}`);
}
