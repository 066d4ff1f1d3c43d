/** Exit codes of the commands. */
export const EXIT = {
  /** Passed, released, promoted. */
  ok: 0,
  /** Failed, blocked, rolled back. */
  failed: 1,
  /** A command line or a file that can't be used. */
  usage: 2,
  /** Held, or there was too little to judge by. */
  inconclusive: 3,
  /** The tool itself, or its target before anything was measured. */
  unavailable: 4,
  /** Ended by Ctrl-C, after clean-up. */
  interrupted: 130,
  /** Ended by SIGTERM, after clean-up. */
  terminated: 143,
} as const;

/** A failure that a command ends with: one line that says what is wrong and what would be right. */
export abstract class OpsError extends Error {
  abstract readonly exitCode: number;
}

/** A command line, a configuration or a file that can't be used. Exit code 2. */
export class UsageError extends OpsError {
  override readonly name = "UsageError";
  readonly exitCode = EXIT.usage;
}

/** The target can't be reached, or the tool can't do its work. Exit code 4. */
export class UnavailableError extends OpsError {
  override readonly name = "UnavailableError";
  readonly exitCode = EXIT.unavailable;
}
