import { connect, createServer, type Server, type Socket } from "node:net";
import { type Clock, systemClock } from "../../core/clock.js";
import { ConfigError, integer, onlyKnown } from "../../core/config.js";
import { seeded } from "../../core/seeded.js";
import { openAdmin } from "../admin.js";
import type { Loopback } from "../faulty-upstream/loopback.js";
import { Listening } from "../listening.js";
import { type TimedFault, TimedFaults } from "../timed-faults.js";
import { Conditions } from "./conditions.js";
import { Connection } from "./connection.js";
import { type CheckedProxyFault, checkProxyFault, type ProxyFault } from "./proxy-fault.js";

/** Options of {@link faultyProxy}. */
export interface FaultyProxyOptions {
  /** The server: `"redis://127.0.0.1:6379"`, `"127.0.0.1:6379"`, or its parts. */
  readonly target: string | { readonly host?: string; readonly port: number };
  /** Also switch faults over HTTP, on a port of its own: see {@link FaultyProxy.adminUrl}. Default false. */
  readonly admin?: boolean;
  /** For jitter. Default 1. */
  readonly seed?: number;
  /** For delays and times to live. Default: the machine's. */
  readonly clock?: Clock;
}

/** What a proxy has seen. */
export interface ProxyCounts {
  /** Connections that clients have made. */
  readonly accepted: number;
  /** Connections that stand. */
  readonly open: number;
  /** Attempts that were answered with a reset. */
  readonly reset: number;
  /** Bytes that a partition has swallowed. */
  readonly swallowed: number;
}

/** A proxy on loopback that does to connections what networks do. It keeps no process alive. */
export interface FaultyProxy extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** The target's address with this proxy in its place: `redis://127.0.0.1:{port}`; `tcp:` where it had no scheme. */
  readonly url: string;
  /** Where faults are switched over HTTP; `undefined` unless `admin` was asked for. */
  readonly adminUrl: string | undefined;
  /** Whether the port is open. */
  readonly listening: boolean;
  /** Faults that are there. */
  readonly faults: readonly ProxyFault[];
  /** @throws {ConfigError} naming the option that is wrong */
  inject(fault: ProxyFault): TimedFault<ProxyFault>;
  /** Removes all faults, and opens the port if it was closed; resolves when it is open. */
  recover(): Promise<void>;
  /** Resets (RST) all connections that stand; new ones are served. */
  reset(): void;
  /** Ends the way to the clients (FIN) of all connections; what they send still reaches the server. */
  halfClose(): void;
  counts(): ProxyCounts;
  close(): Promise<void>;
}

/**
 * Starts a proxy in front of a server that speaks over TCP: Redis, a database, HTTP.
 *
 * @example
 * const redis = await faultyProxy({ target: "redis://127.0.0.1:6379", admin: true });
 * const store = redisStore(new Redis(redis.url));
 * redis.inject({ kind: "latency", delay: "200ms", jitter: "50ms", ttl: "30s" });
 * redis.inject({ kind: "blackhole", way: "answers", ttl: "10s" });
 * await redis.recover();
 *
 * @throws {ConfigError} when there is an unknown option, or the target has no port
 */
export async function faultyProxy(options: FaultyProxyOptions): Promise<FaultyProxy> {
  onlyKnown(options, "faultyProxy", ["target", "admin", "seed", "clock"]);
  const proxy = new ProxyServer(options);
  await proxy.open(options.admin ?? false);
  return proxy;
}

class ProxyServer implements FaultyProxy {
  readonly host = "127.0.0.1";
  readonly #target: Target;
  readonly #clock: Clock;
  readonly #faults: TimedFaults<CheckedProxyFault>;
  readonly #conditions: Conditions;
  readonly #connections = new Set<Connection>();
  readonly #port: Listening;
  #admin: Loopback | undefined;
  #counts = { accepted: 0, reset: 0, swallowed: 0 };

  constructor({ target, seed = 1, clock = systemClock }: FaultyProxyOptions) {
    this.#target = targetOf(target);
    this.#clock = clock;
    this.#faults = new TimedFaults(clock);
    this.#conditions = new Conditions(() => this.#faults.all(), seeded(seed));
    this.#port = new Listening(this.#server());
  }

  async open(withAdmin: boolean): Promise<void> {
    await this.#port.open();
    if (!withAdmin) return;
    this.#admin = await openAdmin({
      state: () => ({
        url: this.url,
        listening: this.listening,
        faults: this.#faults.told().map(({ fault: { fault }, ...rest }) => ({ ...rest, fault })),
        counts: this.counts(),
      }),
      inject: async (given) => {
        const { id } = this.inject(given as ProxyFault);
        if (given.kind === "refuse") await this.#port.shut();
        return id;
      },
      remove: async (id) => {
        const removed = this.#faults.remove(id);
        await this.#settle();
        return removed;
      },
      recover: () => this.recover(),
    });
  }

  get port(): number {
    return this.#port.port;
  }

  get url(): string {
    return `${this.#target.scheme}//${this.host}:${this.port}`;
  }

  get adminUrl(): string | undefined {
    return this.#admin?.url;
  }

  get listening(): boolean {
    return this.#port.listening;
  }

  get faults(): readonly ProxyFault[] {
    return this.#faults.all().map(({ fault }) => fault);
  }

  inject(fault: ProxyFault): TimedFault<ProxyFault> {
    const checked = checkProxyFault(fault);
    const timed = this.#faults.add(checked, checked.ttlMs, () => void this.#settle());
    const everyConnection = fault.kind === "refuse" || (fault.kind === "reset" && fault.on !== "answer");
    if (fault.kind === "refuse") void this.#port.shut();
    if (everyConnection) this.reset();
    return {
      id: timed.id,
      fault,
      get active() {
        return timed.active;
      },
      remove: timed.remove,
    };
  }

  async recover(): Promise<void> {
    this.#faults.clear();
    await this.#settle();
  }

  reset(): void {
    for (const connection of [...this.#connections]) connection.reset();
  }

  halfClose(): void {
    for (const connection of this.#connections) connection.endToClient();
  }

  counts(): ProxyCounts {
    return { ...this.#counts, open: this.#connections.size };
  }

  async close(): Promise<void> {
    this.#port.retire();
    this.#faults.clear();
    this.reset();
    await Promise.all([this.#port.shut(), this.#admin?.shut()]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Opens the port when nothing keeps it closed any more. */
  async #settle(): Promise<void> {
    if (!this.#faults.all().some(({ fault }) => fault.kind === "refuse")) await this.#port.open();
  }

  #server(): Server {
    return createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#accept(client));
  }

  #accept(client: Socket): void {
    if (this.#conditions.resetsOn("connect")) {
      this.#counts.reset++;
      client.on("error", () => undefined);
      client.resetAndDestroy();
      return;
    }
    this.#counts.accepted++;
    const { host, port } = this.#target;
    const server = connect({ host, port, allowHalfOpen: true, noDelay: true });
    const connection: Connection = new Connection(client, server, this.#conditions, this.#clock, {
      swallowed: (bytes) => {
        this.#counts.swallowed += bytes;
      },
      gone: () => void this.#connections.delete(connection),
    });
    this.#connections.add(connection);
  }
}

interface Target {
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
}

function targetOf(target: FaultyProxyOptions["target"]): Target {
  if (typeof target !== "string") {
    const { host = "127.0.0.1", port } = target;
    return { scheme: "tcp:", host, port: integer(port, "faultyProxy.target.port", 1, 65_535) };
  }
  const address = target.includes("://") ? target : `tcp://${target}`;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || url.port === "")
    throw new ConfigError("faultyProxy.target", target, 'an address with a port, like "redis://127.0.0.1:6379"');
  return { scheme: url.protocol, host: url.hostname, port: Number(url.port) };
}
