import { spawn } from "node:child_process";

/** A program to run, without a shell. */
export interface ProgramCall {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** After so many milliseconds it is ended. */
  readonly timeoutMs: number;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/** What came of a program. */
export interface ProgramResult {
  /** `exited`: by itself. `failed`: it couldn't be started. */
  readonly kind: "exited" | "timeout" | "aborted" | "failed";
  /** Exit code; `null` when it didn't exit by itself, or by a signal. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Why it isn't `exited`: `ENOENT`, `30000 ms`. */
  readonly reason: string | null;
  readonly ms: number;
}

/** Of each output, the rest is dropped. */
const MOST_OUTPUT = 1024 * 1024;
/** From being asked to end until being killed, and from its end until its outputs are given up (a child of it has them). */
const PATIENCE_MS = 1_000;

/** Runs a program to its end. Never throws. */
export function runProgram(call: ProgramCall): Promise<ProgramResult> {
  const { program, args, cwd, env, timeoutMs, signal } = call;
  const start = performance.now();
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    const timers = new Set<NodeJS.Timeout>();
    const after = (ms: number, then: () => void) => void timers.add(setTimeout(then, ms));
    let ended: "timeout" | "aborted" | undefined;
    const end = (why: "timeout" | "aborted") => {
      ended ??= why;
      child.kill("SIGTERM");
      after(PATIENCE_MS, () => child.kill("SIGKILL"));
    };
    const onAbort = () => end("aborted");
    const outputs = { stdout: "", stderr: "" };
    const finish = (kind: ProgramResult["kind"], code: number | null, reason: string | null) => {
      for (const timer of timers) clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      resolve({ kind, code, ...outputs, reason, ms: performance.now() - start });
    };
    const over = (code: number | null, by: NodeJS.Signals | null) => {
      if (ended === "timeout") finish("timeout", null, `not over after ${timeoutMs} ms`);
      else if (ended === "aborted") finish("aborted", null, "aborted");
      else finish("exited", code, by === null ? null : `ended by ${by}`);
    };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text: string) => {
        outputs[name] = (outputs[name] + text).slice(0, MOST_OUTPUT);
      });
    }
    child.once("error", (error) => finish("failed", null, (error as NodeJS.ErrnoException).code ?? error.message));
    child.once("close", over);
    child.once("exit", (code, by) => after(PATIENCE_MS, () => over(code, by)));
    after(timeoutMs, () => end("timeout"));
    if (signal?.aborted === true) onAbort();
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
