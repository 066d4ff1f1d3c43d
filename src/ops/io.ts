/** What a command has of the world: everything that tests put something else in the place of. */
export interface Io {
  /** Relative paths start here. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Results; a newline is added. */
  out(line: string): void;
  /** Progress and failures; a newline is added. */
  err(line: string): void;
  /** Whether what `out` prints may have colours. */
  readonly colour: boolean;
  /** Whether `err` is a terminal on which a line may be written over. */
  readonly live: boolean;
  /** Rewrites the last line of a live terminal; `""` clears it. Does nothing elsewhere. */
  status(line: string): void;
  /** Wall time. */
  now(): Date;
  /** Aborted by Ctrl-C: commands then clean up, and write what they have. */
  readonly signal: AbortSignal;
}

/** The process's own. */
export function processIo(signal: AbortSignal): Io {
  const live = process.stderr.isTTY === true && process.env.CI === undefined;
  return {
    cwd: process.cwd(),
    env: process.env,
    out: (line) => void process.stdout.write(`${line}\n`),
    err: (line) => void process.stderr.write(`${line}\n`),
    colour: process.stdout.isTTY === true && process.env.NO_COLOR === undefined,
    live,
    status: (line) => {
      if (live) process.stderr.write(`\r\u001b[2K${line}`);
    },
    now: () => new Date(),
    signal,
  };
}

/**
 * One that prints nothing, for whoever calls commands as functions: in a test, say.
 *
 * @param parts what is otherwise. Default: the working folder, no environment, never interrupted
 */
export function silentIo(parts: Partial<Io> = {}): Io {
  return {
    cwd: process.cwd(),
    env: {},
    out: () => undefined,
    err: () => undefined,
    colour: false,
    live: false,
    status: () => undefined,
    now: () => new Date(),
    signal: new AbortController().signal,
    ...parts,
  };
}
