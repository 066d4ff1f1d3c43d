/** Replicas that have to have a write, and for how long that is waited. */
export interface Replicas {
  readonly count: number;
  readonly timeoutMs: number;
}

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
  /**
   * EVALSHA or EVAL, and WAIT right behind it on the same connection: the reply, and how many replicas have what the
   * script wrote. (WAIT speaks of its connection: over a new one it would answer for writes that nobody made there.)
   * Left out where there is none.
   */
  runAndWait?(
    by: "evalsha" | "eval",
    script: string,
    keys: readonly string[],
    args: readonly string[],
    replicas: Replicas,
  ): Promise<readonly [reply: unknown, have: number]>;
  /**
   * GET and PTTL of each key, in one round trip: what is there, byte by byte, and for how many milliseconds. Left out where
   * keys lie apart, or values can't be had as bytes.
   */
  read?(keys: readonly string[]): Promise<readonly (readonly [value: Uint8Array | null, ttlMs: number])[]>;
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
