import type { IncomingMessage, ServerResponse } from "node:http";
import { type Alarm, type Clock, systemClock } from "../../core/clock.js";
import { onlyKnown } from "../../core/config.js";
import { type Duration, milliseconds } from "../../core/duration.js";
import { seeded } from "../../core/seeded.js";
import { openAdmin } from "../admin.js";
import { RequestCounts, type UpstreamCounts } from "./counts.js";
import { sendHalf, sendResponse, toRequest } from "./exchange.js";
import type { CheckedFault, Fault } from "./fault.js";
import { Faults, type Injected, type Strike } from "./faults.js";
import { Loopback } from "./loopback.js";
import { switchable } from "./switchable.js";

/** What an upstream answers while nothing is wrong with it. */
export type UpstreamHandler = (request: Request) => Response | Promise<Response>;

/** Options of {@link faultyUpstream}. */
export interface FaultyUpstreamOptions {
  readonly handler: UpstreamHandler;
  /** The body of an answer that a `status` fault makes, in the upstream's own wire format. Default `{ error: status }`. */
  readonly errorBody?: (status: number) => unknown;
  /** For jitter and probabilities. Default 1. */
  readonly seed?: number;
  /** For delays and times to live. Default: the machine's. */
  readonly clock?: Clock;
  /** Also switch faults over HTTP, on a port of its own: see {@link FaultyUpstream.adminUrl}. Default false. */
  readonly admin?: boolean;
}

/** A server on loopback that fails on demand. It keeps no process alive. */
export interface FaultyUpstream extends AsyncDisposable {
  /** `http://127.0.0.1:{port}`. */
  readonly url: string;
  /** Where faults are switched over HTTP; `undefined` unless `admin` was asked for. */
  readonly adminUrl: string | undefined;
  /** Whether the port is open. */
  readonly listening: boolean;
  /** Faults that are there. */
  readonly faults: readonly Injected[];
  /** @throws {ConfigError} naming the option that is wrong */
  inject(fault: Fault): Injected;
  /** Removes all faults; what they hold back goes on. The port stays as it is. */
  clear(): void;
  /** Closes the port and resets all connections: the server is gone. After `ttl` it is back. */
  refuse(options?: { readonly ttl?: Duration }): Promise<void>;
  /** Removes all faults and opens the port again, the same one. */
  recover(): Promise<void>;
  /** Requests so far. */
  counts(): UpstreamCounts;
  resetCounts(): void;
  close(): Promise<void>;
}

/**
 * Starts an upstream that answers with `handler`, and fails as it is told to, while it runs.
 *
 * @example
 * const search = await faultyUpstream({ handler: () => Response.json({ hits: [] }) });
 * search.inject({ kind: "status", status: 503, retryAfter: "2s", next: 2 });
 * search.inject({ kind: "latency", delay: "200ms", jitter: "100ms", route: "POST /search", probability: 0.3 });
 * await search.refuse();
 * await search.recover();
 *
 * @throws {ConfigError} when there is an unknown option
 */
export async function faultyUpstream(options: FaultyUpstreamOptions): Promise<FaultyUpstream> {
  onlyKnown(options, "faultyUpstream", ["handler", "errorBody", "seed", "clock", "admin"]);
  const upstream = new Server(options);
  await upstream.open(options.admin ?? false);
  return upstream;
}

class Server implements FaultyUpstream {
  readonly #options: FaultyUpstreamOptions;
  readonly #clock: Clock;
  readonly #faults: Faults;
  readonly #counts = new RequestCounts();
  readonly #port = new Loopback((incoming, outgoing) => void this.#serve(incoming, outgoing));
  #admin: Loopback | undefined;
  /** Brings a server back that is gone for a while. */
  #return: Alarm | undefined;
  #closed = false;

  constructor(options: FaultyUpstreamOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#faults = new Faults(this.#clock, seeded(options.seed ?? 1));
  }

  async open(withAdmin: boolean): Promise<void> {
    await this.#port.open();
    if (withAdmin) this.#admin = await openAdmin(switchable(this, this.#faults));
  }

  get url(): string {
    return this.#port.url;
  }

  get adminUrl(): string | undefined {
    return this.#admin?.url;
  }

  get listening(): boolean {
    return this.#port.listening;
  }

  get faults(): readonly Injected[] {
    return this.#faults.all();
  }

  inject(fault: Fault): Injected {
    return this.#faults.inject(fault);
  }

  clear(): void {
    this.#faults.clear();
  }

  async refuse({ ttl }: { readonly ttl?: Duration } = {}): Promise<void> {
    const ttlMs = ttl === undefined ? undefined : milliseconds(ttl, "faultyUpstream.refuse.ttl", 1);
    if (this.#port.listening) this.#counts.struck("refuse");
    this.#return?.cancel();
    this.#return = ttlMs === undefined ? undefined : this.#clock.alarm(ttlMs, () => void this.#reopen(), "background");
    await this.#port.shut();
  }

  async recover(): Promise<void> {
    this.clear();
    await this.#reopen();
  }

  counts(): UpstreamCounts {
    return this.#counts.snapshot();
  }

  resetCounts(): void {
    this.#counts.reset();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#return?.cancel();
    this.clear();
    await Promise.all([this.#port.shut(), this.#admin?.shut()]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #reopen(): Promise<void> {
    this.#return?.cancel();
    if (!this.#closed) await this.#port.open();
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = "GET", url = "/" } = incoming;
    const path = url.split("?", 1)[0] as string;
    const gone = new AbortController();
    this.#counts.came(method, path);
    outgoing.once("close", () => {
      this.#counts.went(outgoing.writableFinished ? outgoing.statusCode : undefined);
      gone.abort();
    });
    const strikes = this.#faults.strike(method, path);
    for (const { checked } of strikes) this.#counts.struck(checked.fault.kind);
    try {
      const request = await toRequest(incoming, gone.signal);
      if (request === undefined) outgoing.destroy();
      else await this.#answer(request, outgoing, strikes, gone.signal);
    } catch (error) {
      // A handler that throws is a mistake in the test, which has to see it.
      console.error("faultyUpstream: the handler failed:", error);
      outgoing.destroy();
    }
  }

  async #answer(request: Request, outgoing: ServerResponse, strikes: readonly Strike[], gone: AbortSignal) {
    for (const { checked, removed } of strikes) {
      if (checked.fault.kind === "latency") await this.#wait(this.#faults.delay(checked), gone);
      else if (checked.fault.kind === "hold") await either(removed, gone);
      if (gone.aborted) return;
    }
    const last = strikes.at(-1)?.checked;
    switch (last?.fault.kind) {
      case "status":
        return sendResponse(this.#failure(last.fault.status, last), outgoing);
      case "reset":
        outgoing.socket?.resetAndDestroy();
        return;
      case "hang":
        if (last.fault.before === "body") await sendHalf(await this.#options.handler(request), outgoing, "stalled");
        return;
      case "garbage":
        return sendHalf(await this.#options.handler(request), outgoing, last.fault.form ?? "malformed");
      default:
        return sendResponse(await this.#options.handler(request), outgoing);
    }
  }

  #failure(status: number, { retryAfter }: CheckedFault): Response {
    const body = this.#options.errorBody?.(status) ?? { error: status };
    return Response.json(body, {
      status,
      ...(retryAfter !== undefined && { headers: { "retry-after": `${retryAfter}` } }),
    });
  }

  /** Waits, or until the client has gone away. */
  async #wait(ms: number, gone: AbortSignal): Promise<void> {
    let rang: () => void = () => undefined;
    const over = new Promise<void>((resolve) => {
      rang = resolve;
    });
    const alarm = this.#clock.alarm(ms, rang, "background");
    await either(over, gone);
    alarm.cancel();
  }
}

/** Resolves with the first of the two. */
function either(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
    void promise.then(resolve);
  });
}
