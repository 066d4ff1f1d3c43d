import { spawn } from "node:child_process";
import type { CanaryData } from "./result.js";

const MOST_OUTPUT = 4_000;
/** A hook that hangs must not keep the verdict from being told. */
const TIMEOUT_MS = 300_000;

/** Runs the command for a rollback, without a shell. What it answers is recorded; it doesn't change the verdict. */
export function runHook(
  command: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): Promise<NonNullable<CanaryData["hook"]>> {
  const [file = "", ...args] = command;
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd, env: { ...env }, stdio: ["ignore", "pipe", "pipe"], timeout: TIMEOUT_MS });
    let output = "";
    const take = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-MOST_OUTPUT);
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.once("error", (error) => resolve({ command: [...command], exitCode: null, output: error.message }));
    child.once("close", (exitCode) => resolve({ command: [...command], exitCode, output }));
  });
}
