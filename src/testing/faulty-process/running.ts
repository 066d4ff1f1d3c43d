import { type ChildProcess, spawn } from "node:child_process";

/** What is started, and how. */
export interface StartOptions {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly ready?: RegExp;
  readonly readyWithinMs: number;
}

/** One life of a process. */
export interface Running {
  readonly pid: number;
  readonly alive: boolean;
  signal(name: NodeJS.Signals): void;
  /** Ends it and waits until it is gone; at once when it is gone already. One that doesn't end in 10 s is killed. */
  end(by: "SIGTERM" | "SIGKILL"): Promise<void>;
}

/** What is kept of what it says, for the error that tells why it didn't come up. */
const MOST_SAID = 16_384;
const PATIENCE_MS = 10_000;

/**
 * Starts a process, and waits until it is ready.
 *
 * @throws {Error} with what it said, when it ends before that, or takes too long
 */
export async function launch({ program, args, env, cwd, ready, readyWithinMs }: StartOptions): Promise<Running> {
  const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"], ...(cwd !== undefined && { cwd }) });
  const gone = new Promise<void>((resolve) => child.once("close", () => resolve()));
  let said = "";
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`${program} ${why}:\n${said}`));
    const patience = setTimeout(() => fail(`was not ready within ${readyWithinMs} ms`), readyWithinMs);
    const hear = (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-MOST_SAID);
      if (ready?.test(said) === true) resolve();
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("error", reject);
    child.once("spawn", () => ready === undefined && resolve());
    void gone.then(() => {
      clearTimeout(patience);
      fail("ended");
    });
  }).catch((error: unknown) => {
    child.kill("SIGKILL");
    throw error;
  });
  const pid = child.pid as number;
  const guard = watch(pid);
  void gone.then(() => guard.kill("SIGKILL"));
  // A program that forgets to close it can still end; the guard then ends the process.
  for (const handle of [child, child.stdout, child.stderr, guard, guard.stdin]) unref(handle);
  const alive = () => child.exitCode === null && child.signalCode === null;
  return {
    pid,
    get alive() {
      return alive();
    },
    signal: (name) => void child.kill(name),
    async end(by) {
      if (alive()) {
        child.ref();
        // A paused process hears no SIGTERM before it goes on.
        if (by === "SIGTERM") child.kill("SIGCONT");
        child.kill(by);
      }
      const patience = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
      await gone;
      clearTimeout(patience);
    },
  };
}

/** Ends the process when this one ends, even by SIGKILL: the guard's standard input is a pipe from here, which ends then. */
function watch(pid: number): ChildProcess {
  const script = 'cat > /dev/null; kill -KILL "$0"';
  return spawn("/bin/sh", ["-c", script, `${pid}`], { stdio: ["pipe", "ignore", "ignore"], detached: true });
}

function unref(handle: object | null): void {
  if (handle !== null && "unref" in handle && typeof handle.unref === "function") handle.unref();
}
