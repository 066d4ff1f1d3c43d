import { faultyProxy, type ProxyWay } from "keelson/testing";

/** A running proxy: `faultyProxy`, of which a test has one fault at a time. */
export interface TcpProxy {
  readonly port: number;
  /** `redis://127.0.0.1:port`. */
  readonly url: string;
  /** Connections that clients have made so far. */
  readonly accepted: number;
  /** Connections that stand. */
  readonly open: number;
  /** Attempts that were refused: the client's connection was reset as soon as it stood. */
  readonly refused: number;
  /** Holds everything up for so long, both ways; order is kept. 0: passes it on at once. */
  delay(ms: number): void;
  /** Swallows what comes from either side, or only answers. */
  drop(way?: ProxyWay): void;
  /** Ends the way to the clients (FIN) of all connections; what they send still reaches the server. */
  halfClose(): void;
  /** Resets (RST) all connections; new ones are served. */
  reset(): void;
  /** Resets each connection as soon as the server has answered something on it, in place of the answer. */
  resetOnAnswer(): void;
  /** Resets all connections, and each new one at once. */
  refuse(): void;
  /** From now on passes everything on. */
  heal(): void;
  stop(): Promise<void>;
}

/** Starts a proxy that does what tests of connections need, by the names they have for it. */
export async function startTcpProxy(target: { readonly host: string; readonly port: number }): Promise<TcpProxy> {
  const proxy = await faultyProxy({ target });
  let [remove, undelay]: (() => void)[] = [];
  const only = (fault: Parameters<typeof proxy.inject>[0]) => {
    const before = remove;
    remove = proxy.inject(fault).remove;
    before?.();
  };
  return {
    port: proxy.port,
    url: `redis://127.0.0.1:${proxy.port}`,
    get accepted() {
      return proxy.counts().accepted;
    },
    get open() {
      return proxy.counts().open;
    },
    get refused() {
      return proxy.counts().reset;
    },
    delay(ms) {
      undelay?.();
      undelay = ms === 0 ? undefined : proxy.inject({ kind: "latency", delay: ms }).remove;
    },
    drop: (way = "both") => only({ kind: "blackhole", way }),
    halfClose: () => proxy.halfClose(),
    reset: () => proxy.reset(),
    resetOnAnswer: () => only({ kind: "reset", on: "answer" }),
    refuse: () => only({ kind: "reset" }),
    heal() {
      remove?.();
      undelay?.();
      remove = undelay = undefined;
    },
    stop: () => proxy.close(),
  };
}
