import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../setup/free-port.js";

/** What a redis-server is started with. */
export interface ServerOptions {
  /** The program: redis-server, or another that takes its options. */
  readonly path: string;
  /** Keeps an append-only file, so that a restart finds what was acknowledged. Default `false`: nothing on disk. */
  readonly aof?: boolean;
  /** Such as `"2mb"`. Default: no limit. */
  readonly maxmemory?: string;
  /** `maxmemory-policy`. Default: Redis's own, `noeviction`. */
  readonly policy?: string;
  /** More of redis-server's command line; `--name value`, one string each. */
  readonly extra?: readonly string[];
  /** A configuration file's text, for what has to have a file (a sentinel rewrites its own). Default: none. */
  readonly config?: string;
  /** Default: a free one. */
  readonly port?: number;
}

/** A redis-server of a test's own. It ends with the process that started it, however that ends. */
export interface Server {
  readonly host: string;
  readonly port: number;
  /** `redis://host:port`. */
  readonly url: string;
  /** The process's id; another one after a restart. */
  readonly pid: number;
  /** The folder it works in, removed by `stop`. */
  readonly folder: string;
  /** Asks it to end, waits until it has, and removes its folder. Stopping twice is fine. */
  stop(): Promise<void>;
  /** Kills it (SIGKILL), as a crash would, and waits until it is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same port and folder, ending it first if it runs; resolves when it answers again. */
  restart(): Promise<void>;
  /** Stops the process in its tracks (SIGSTOP): connections stay open and are accepted, nothing is answered. */
  pause(): void;
  /** Lets it go on after `pause`. */
  resume(): void;
  /** Pauses it for so many milliseconds, and resolves when it goes on. */
  pauseMs(ms: number): Promise<void>;
}

/**
 * Starts a redis-server on a port of the loopback.
 *
 * @throws {Error} with what the server said, when it doesn't come up
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const host = "127.0.0.1";
  const folder = mkdtempSync(join(tmpdir(), "keelson-redis-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  // Another process may take a free port between the look and the start.
  for (let attempt = 1; ; attempt++) {
    try {
      const port = options.port ?? (await freePort(host));
      const file = join(folder, "server.conf");
      if (options.config !== undefined) writeFileSync(file, options.config);
      const given = options.config === undefined ? [] : [file];
      const args = [...given, ...commandLine(options, host, port), "--dir", folder];
      return server(
        host,
        port,
        folder,
        () => launch(options.path, args, folder),
        await launch(options.path, args, folder),
      );
    } catch (error) {
      if (options.port === undefined && attempt < 3) continue;
      remove();
      throw error;
    }
  }
}

function commandLine({ aof = false, maxmemory, policy, extra = [] }: ServerOptions, host: string, port: number) {
  return [
    ...["--bind", host, "--port", `${port}`, "--save", "", "--appendonly", aof ? "yes" : "no"],
    ...(maxmemory === undefined ? [] : ["--maxmemory", maxmemory]),
    ...(policy === undefined ? [] : ["--maxmemory-policy", policy]),
    ...extra,
  ];
}

function server(host: string, port: number, folder: string, again: () => Promise<Running>, first: Running): Server {
  let running = first;
  const stop = async () => {
    await running.end("SIGTERM");
    rmSync(folder, { recursive: true, force: true });
  };
  const pause = () => running.signal("SIGSTOP");
  const resume = () => running.signal("SIGCONT");
  return {
    host,
    port,
    folder,
    url: `redis://${host}:${port}`,
    get pid() {
      return running.pid;
    },
    stop,
    kill: () => running.end("SIGKILL"),
    async restart() {
      await running.end("SIGTERM");
      running = await again();
    },
    pause,
    resume,
    async pauseMs(ms) {
      pause();
      await sleep(ms);
      resume();
    },
  };
}

/** One life of a server. */
interface Running {
  readonly pid: number;
  signal(name: NodeJS.Signals): void;
  /** Ends it and waits until it is gone; at once when it is gone already. */
  end(by: "SIGTERM" | "SIGKILL"): Promise<void>;
}

/** What a server says when it takes connections; a sentinel says what it watches instead. */
const UP = /Ready to accept connections|\+monitor master/;

async function launch(path: string, args: readonly string[], folder: string): Promise<Running> {
  const child = spawn(path, args, { stdio: ["ignore", "pipe", "pipe"] });
  const gone = new Promise<void>((resolve) => child.once("close", () => resolve()));
  let said = "";
  await new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-16_384);
      if (UP.test(said)) resolve();
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("error", reject);
    void gone.then(() => reject(new Error(`${path} ended:\n${said}`)));
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${path} has no process id`);
  const watchdog = watch(pid, folder);
  void gone.then(() => watchdog.kill("SIGKILL"));
  // A process that forgets a server can still end; the watchdog then ends the server.
  for (const handle of [child, child.stdout, child.stderr, watchdog, watchdog.stdin]) unref(handle);
  return {
    pid,
    signal: (name) => void child.kill(name),
    async end(by) {
      child.ref();
      // A paused process hears no SIGTERM before it goes on.
      if (by === "SIGTERM") child.kill("SIGCONT");
      child.kill(by);
      await gone;
    },
  };
}

/**
 * Ends the server and removes its folder when this process ends, even by SIGKILL: its standard input is a pipe from
 * this process, which ends then.
 */
function watch(pid: number, folder: string): ChildProcess {
  const script = 'cat > /dev/null; kill -KILL "$0"; rm -rf "$1"';
  return spawn("/bin/sh", ["-c", script, `${pid}`, folder], { stdio: ["pipe", "ignore", "ignore"], detached: true });
}

function unref(handle: object | null): void {
  if (handle !== null && "unref" in handle && typeof handle.unref === "function") handle.unref();
}
