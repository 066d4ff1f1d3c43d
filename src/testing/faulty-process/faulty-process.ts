import { type Clock, systemClock } from "../../core/clock.js";
import { ConfigError, oneOf, onlyKnown } from "../../core/config.js";
import { type Duration, milliseconds } from "../../core/duration.js";
import { type GivenFault, openAdmin } from "../admin.js";
import type { Loopback } from "../faulty-upstream/loopback.js";
import { type TimedFault, TimedFaults } from "../timed-faults.js";
import { launch, type Running, type StartOptions } from "./running.js";

/** What happens to a process: it is killed (SIGKILL), or stopped in its tracks (SIGSTOP: it holds its connections and answers nothing). */
export interface ProcessFault {
  readonly kind: "kill" | "pause";
  /** It is started again, or goes on, after this. Default: when the fault is removed. */
  readonly ttl?: Duration;
}

/** Options of {@link faultyProcess}. */
export interface FaultyProcessOptions {
  /** The program and its arguments; no shell reads them. It has to take the same port at each start. */
  readonly command: readonly [program: string, ...args: string[]];
  /** What it prints (on either output) once it is ready. Left out: it is ready as soon as it runs. */
  readonly ready?: RegExp;
  /** How long that may take. Default 10 s. */
  readonly readyWithin?: Duration;
  /** Default: this process's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The folder it runs in. Default: this process's. */
  readonly cwd?: string;
  /** Also switch faults over HTTP, on a port of its own: see {@link FaultyProcess.adminUrl}. Default false. */
  readonly admin?: boolean;
  /** For times to live. Default: the machine's. */
  readonly clock?: Clock;
}

/** A supervised process that dies on demand. It ends with the process that started it, however that ends. */
export interface FaultyProcess extends AsyncDisposable {
  /** `undefined` while it is dead. */
  readonly pid: number | undefined;
  /** How often it was started again. */
  readonly restarts: number;
  /** Where faults are switched over HTTP; `undefined` unless `admin` was asked for. */
  readonly adminUrl: string | undefined;
  /** Faults that are there. */
  readonly faults: readonly ProcessFault[];
  /**
   * Resolves when it is dead, or has stopped.
   *
   * @throws {ConfigError} naming the option that is wrong
   */
  inject(fault: ProcessFault): Promise<TimedFault<ProcessFault>>;
  /** Removes all faults; resolves when it runs and is ready, also when it had died by itself. */
  recover(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts a process that can be killed, and starts it again.
 *
 * @example
 * const redis = await faultyProcess({
 *   command: ["redis-server", "--port", "6390", "--save", ""],
 *   ready: /Ready to accept connections/,
 *   admin: true,
 * });
 * await redis.inject({ kind: "kill", ttl: "3s" });
 * await redis.recover();
 *
 * @throws {ConfigError} when an option is wrong
 * @throws {Error} with what it said, when it doesn't come up
 */
export async function faultyProcess(options: FaultyProcessOptions): Promise<FaultyProcess> {
  onlyKnown(options, "faultyProcess", ["command", "ready", "readyWithin", "env", "cwd", "admin", "clock"]);
  const { command, ready, env = process.env, cwd, readyWithin = "10s", clock = systemClock } = options;
  if (!Array.isArray(command) || command.length === 0)
    throw new ConfigError("faultyProcess.command", command, "a program and its arguments");
  const readyWithinMs = milliseconds(readyWithin, "faultyProcess.readyWithin", 1);
  const [program, ...args] = command;
  const start: StartOptions = {
    program,
    args,
    env,
    readyWithinMs,
    ...(ready && { ready }),
    ...(cwd !== undefined && { cwd }),
  };
  const supervised = new Supervised(start, clock);
  await supervised.recover();
  if (options.admin === true) await supervised.openAdmin();
  return supervised;
}

class Supervised implements FaultyProcess {
  readonly #start: StartOptions;
  readonly #faults: TimedFaults<ProcessFault>;
  #running: Running | undefined;
  #admin: Loopback | undefined;
  #starts = 0;
  #closed = false;
  /** One change at a time. */
  #turn: Promise<void> = Promise.resolve();

  constructor(start: StartOptions, clock: Clock) {
    this.#start = start;
    this.#faults = new TimedFaults(clock);
  }

  async openAdmin(): Promise<void> {
    this.#admin = await openAdmin({
      state: () => ({ pid: this.pid ?? null, restarts: this.restarts, faults: this.#faults.told() }),
      inject: async (given: GivenFault) => (await this.inject(given as ProcessFault)).id,
      remove: async (id) => {
        const removed = this.#faults.remove(id);
        await this.#settled();
        return removed;
      },
      recover: () => this.recover(),
    });
  }

  get pid(): number | undefined {
    return this.#running?.alive === true ? this.#running.pid : undefined;
  }

  get restarts(): number {
    return Math.max(0, this.#starts - 1);
  }

  get adminUrl(): string | undefined {
    return this.#admin?.url;
  }

  get faults(): readonly ProcessFault[] {
    return this.#faults.all();
  }

  async inject(fault: ProcessFault): Promise<TimedFault<ProcessFault>> {
    onlyKnown(fault, "fault", ["kind", "ttl"]);
    oneOf(fault.kind, "fault.kind", ["kill", "pause"]);
    const ttlMs = fault.ttl === undefined ? undefined : milliseconds(fault.ttl, "fault.ttl", 1);
    // What can't be started again is seen by whoever recovers it, or asks how it is.
    const timed = this.#faults.add(fault, ttlMs, () => void this.#settled().catch(() => undefined));
    await this.#settled();
    return timed;
  }

  async recover(): Promise<void> {
    this.#faults.clear();
    await this.#settled();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#faults.clear();
    await this.#settled();
    await this.#admin?.shut();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Brings it into the state that the faults ask for. */
  #settled(): Promise<void> {
    const turn = this.#turn.then(() => this.#settle());
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #settle(): Promise<void> {
    const kinds = this.#faults.all().map(({ kind }) => kind);
    if (this.#closed || kinds.includes("kill")) {
      await this.#running?.end(this.#closed ? "SIGTERM" : "SIGKILL");
      return;
    }
    if (this.#running?.alive !== true) {
      this.#running = await launch(this.#start);
      this.#starts++;
    }
    this.#running.signal(kinds.includes("pause") ? "SIGSTOP" : "SIGCONT");
  }
}
