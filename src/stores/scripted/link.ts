/** A connection to a server that runs scripts: what a client library looks like from here. */
export interface Link {
  /** `redis`, `upstash`: for the snapshot. */
  readonly kind: string;
  /** Whether keys are spread over servers by their hash slots. */
  readonly cluster: boolean;
  /** Whether answers pass through JSON, and text that looks like it is taken for it. */
  readonly rest?: boolean;
  /** Whether a command would be sent now, and not be kept until there is a connection again. */
  ready(): boolean;
  /** EVALSHA. Rejects with the server's error, `NOSCRIPT` among them. */
  evalsha(sha: string, keys: readonly string[], args: readonly string[]): Promise<unknown>;
  /** EVAL. */
  eval(text: string, keys: readonly string[], args: readonly string[]): Promise<unknown>;
  /** WAIT on the same connection: how many replicas have what was sent before. */
  wait?(replicas: number, timeoutMs: number): Promise<number>;
  /** INFO of each server, one text a server. Left out where there is none. */
  info?(section: string): Promise<readonly string[]>;
  /** Publish and subscribe, on a connection of its own. Left out where there is none. */
  readonly channels?: Channels;
  /** Closes what the link itself opened; the client is the user's. */
  close(): void;
}

/** Publish and subscribe. */
export interface Channels {
  publish(channel: string, message: string): void;
  /**
   * @param gap called when messages may have been missed: the connection was lost and is there again
   * @returns what ends it, once the server has confirmed the subscription
   */
  subscribe(channel: string, listener: (message: string) => void, gap?: () => void): Promise<() => void>;
}
