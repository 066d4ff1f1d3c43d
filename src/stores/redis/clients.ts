/** What ioredis's `Redis` and `Cluster` (version 5 or 6) have that this package uses. Sentinel is a `Redis`, too. */
export interface IoRedisClient {
  readonly status: string;
  evalsha(sha: string, keys: number, ...args: (string | number)[]): Promise<unknown>;
  eval(text: string, keys: number, ...args: (string | number)[]): Promise<unknown>;
  publish(channel: string, message: string): Promise<unknown>;
  duplicate(): IoRedisSubscriber;
}

/** What a connection for messages is. */
export interface IoRedisSubscriber {
  subscribe(...channels: string[]): Promise<unknown>;
  unsubscribe(...channels: string[]): Promise<unknown>;
  on(event: "message", listener: (channel: string, message: string) => void): unknown;
  on(event: "ready", listener: () => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  disconnect(): void;
}

/** What a single server's ioredis client has besides. */
export interface IoRedisServer {
  info(section: string): Promise<string>;
  wait(replicas: number, timeoutMs: number): Promise<number>;
  readonly options?: { readonly autoResendUnfulfilledCommands?: boolean };
}

/** What node-redis's (the package `redis`, version 5 or 6) clients and clusters have that this package uses. */
export interface NodeRedisClient {
  readonly isOpen: boolean;
  evalSha(sha: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  eval(text: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  publish(channel: string, message: string): Promise<unknown>;
}

/** What subscribes in node-redis: a duplicate of a single client, or a cluster itself. */
export interface NodeRedisSubscriber {
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
  unsubscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
  on(event: string, listener: (error?: Error) => void): unknown;
}

/** What a single server's node-redis client has besides. */
export interface NodeRedisServer {
  readonly isReady: boolean;
  sendCommand(args: readonly string[]): Promise<unknown>;
  duplicate(): NodeRedisSubscriber & { connect(): Promise<unknown>; destroy(): void };
}

/** A client of one of the two libraries. */
export type RedisClient = IoRedisClient | NodeRedisClient;
