import { misses, missText } from "../expect/judge.js";
import type { Answered } from "../http/exchange.js";
import { type ProgramCall, type ProgramResult, runProgram } from "../process/run-program.js";
import { filledCommand } from "./command-text.js";
import type { RunbookCommand } from "./runbook.js";

/** What came of a runbook's command. */
export interface CommandOutcome extends ProgramResult {
  readonly passed: boolean;
  /** Why it isn't as the runbook says. */
  readonly reason: string | null;
}

/**
 * Runs a command of a runbook, and says whether it went as the runbook says.
 *
 * @throws {UsageError} naming a variable that isn't set
 */
export async function runRunbookCommand(
  command: RunbookCommand,
  world: {
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly cwd: string;
    readonly signal?: AbortSignal;
    /** Default: runs it. */
    readonly run?: (call: ProgramCall) => Promise<ProgramResult>;
  },
): Promise<CommandOutcome> {
  const { env, cwd, signal, run = runProgram } = world;
  const [program = "", ...args] = filledCommand(command, env);
  const call = { program, args, env, cwd, timeoutMs: command.timeout, ...(signal && { signal }) };
  const result = await run(call);
  const reason = wrong(command, result);
  return { ...result, passed: reason === null, reason };
}

function wrong({ expect }: RunbookCommand, { kind, code, reason, stdout }: ProgramResult): string | null {
  if (kind !== "exited" || code === null) return reason;
  if (code !== expect.exit) return `exit: got ${code}, expected ${expect.exit}`;
  const { stdout: body, json } = expect;
  const found = misses(asAnswer(stdout), { ...(body !== undefined && { body }), ...(json && { json }) }, new Date(0));
  return found.length === 0 ? null : found.map(missText).join("; ").replace(/^body/, "stdout");
}

/** What is expected of an output is said as of an answer's body. */
function asAnswer(stdout: string): Answered {
  const body = new TextEncoder().encode(stdout);
  return { kind: "answered", status: 200, headers: {}, body, text: () => stdout, ms: 0, certificateEnds: null };
}
