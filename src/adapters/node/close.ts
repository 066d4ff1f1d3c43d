import { type Alarm, type Clock, systemClock } from "../../core/clock.js";
import { onlyKnown } from "../../core/config.js";
import { type Duration, milliseconds } from "../../core/duration.js";

/** What is closed last: a kit. */
export interface Drainable {
  close(options: { drain: Duration }): PromiseLike<unknown> | unknown;
}

/** What is closed first: a server of `node:http` or `node:https`, or anything that closes the same way. */
export interface ClosableServer {
  readonly listening: boolean;
  close(done: (error?: Error) => void): unknown;
  closeIdleConnections(): void;
  closeAllConnections(): void;
}

/** Where signals come from: `process`. */
export interface SignalSource {
  once(signal: NodeJS.Signals, listener: () => void): unknown;
  off(signal: NodeJS.Signals, listener: () => void): unknown;
}

/** Options of {@link closeOnSignals}. */
export interface CloseOnSignalsOptions {
  /** How long requests under way may take to end, all in all. Default 10 seconds. */
  readonly drain?: Duration;
  /**
   * How long the server goes on accepting after it stopped being ready: what a load balancer needs to notice. Default
   * 0, since without one it only delays.
   */
  readonly unready?: Duration;
  /** Default `SIGTERM` and `SIGINT`. */
  readonly signals?: readonly NodeJS.Signals[];
  /** Default `process`. */
  readonly source?: SignalSource;
  /** Default: the machine's. */
  readonly clock?: Clock;
}

/** A server's way down. */
export interface Shutdown {
  /** True until closing begins: what a readiness check answers. */
  readonly ready: boolean;
  /** Closes now, as a signal would. Every call gets the same promise. */
  close(): Promise<void>;
  /** Stops listening for signals. */
  forget(): void;
}

/** How often connections are looked at that have become idle meanwhile: keep-alive would hold them open. */
const LOOK_MS = 50;

/**
 * Closes a server and a kit when the process is asked to end. In this order: readiness goes off; after `unready` the
 * server accepts no more; requests under way have until `drain` to end; the kit closes, draining with what is left of
 * that time; what is still connected is cut.
 *
 * The process then ends by itself with exit code 0, unless something else keeps it alive. A second signal ends it at
 * once, as if nobody listened. If closing fails, the process ends with that error as an unhandled rejection.
 *
 * @throws {ConfigError} on a wrong option
 */
export function closeOnSignals(kit: Drainable, server: ClosableServer, options: CloseOnSignalsOptions = {}): Shutdown {
  onlyKnown(options, "closeOnSignals", ["drain", "unready", "signals", "source", "clock"]);
  const drainMs = milliseconds(options.drain ?? "10s", "closeOnSignals.drain");
  const unreadyMs = milliseconds(options.unready ?? 0, "closeOnSignals.unready");
  const { signals = ["SIGTERM", "SIGINT"], source = process, clock = systemClock } = options;
  let closing: Promise<void> | undefined;

  const forget = () => {
    for (const signal of signals) source.off(signal, onSignal);
  };
  const close = () => {
    forget();
    closing ??= closeInOrder(kit, server, clock, unreadyMs, drainMs);
    return closing;
  };
  const onSignal = () => void close();
  for (const signal of signals) source.once(signal, onSignal);
  return {
    get ready() {
      return closing === undefined;
    },
    close,
    forget,
  };
}

async function closeInOrder(kit: Drainable, server: ClosableServer, clock: Clock, unreadyMs: number, drainMs: number) {
  if (unreadyMs > 0) await new Promise<void>((resolve) => clock.alarm(unreadyMs, resolve, "held"));
  const until = clock.monotonic() + drainMs;
  const closed = closeServer(server);
  await drained(server, closed, clock, until);
  try {
    await kit.close({ drain: Math.max(0, Math.floor(until - clock.monotonic())) });
  } finally {
    server.closeAllConnections();
  }
  await closed;
}

async function closeServer(server: ClosableServer): Promise<void> {
  if (!server.listening) return;
  await new Promise<void>((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(error)));
  });
}

/** Resolves when the server has closed or time is up. Meanwhile connections that have become idle are closed. */
function drained(server: ClosableServer, closed: Promise<void>, clock: Clock, until: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let alarm: Alarm | undefined;
    const look = () => {
      server.closeIdleConnections();
      const left = until - clock.monotonic();
      if (left <= 0) resolve();
      else alarm = clock.alarm(Math.min(LOOK_MS, left), look, "held");
    };
    look();
    closed.then(resolve, reject).finally(() => alarm?.cancel());
  });
}
