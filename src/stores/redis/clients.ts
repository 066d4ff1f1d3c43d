/** What ioredis's `Redis` and `Cluster` (version 5 or 6) have that this package uses. Sentinel is a `Redis`, too. */
export interface IoRedisClient {
  readonly status: string;
  evalsha(sha: string, keys: number, ...args: (string | number)[]): Promise<unknown>;
  eval(text: string, keys: number, ...args: (string | number)[]): Promise<unknown>;
  publish(channel: string, message: string): Promise<unknown>;
  duplicate(): IoRedisSubscriber;
  on(event: "close", listener: () => void): unknown;
  off(event: "close", listener: () => void): unknown;
}

/** What a connection for messages is. */
export interface IoRedisSubscriber {
  readonly status: string;
  subscribe(...channels: string[]): Promise<unknown>;
  unsubscribe(...channels: string[]): Promise<unknown>;
  on(event: "message", listener: (channel: string, message: string) => void): unknown;
  on(event: "ready", listener: () => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  disconnect(): void;
}

/** Commands of ioredis that are sent together. */
export interface IoRedisPipeline {
  getBuffer(key: string): IoRedisPipeline;
  pttl(key: string): IoRedisPipeline;
  exec(): Promise<readonly (readonly [error: Error | null, result: unknown])[] | null>;
}

/** What a single server's ioredis client has besides. */
export interface IoRedisServer {
  pipeline(): IoRedisPipeline;
  info(section: string): Promise<string>;
  wait(replicas: number, timeoutMs: number): Promise<number>;
  duplicate(override: { readonly autoResubscribe: boolean }): IoRedisSubscriber;
  readonly options?: { readonly autoResendUnfulfilledCommands?: boolean };
}

/** What ioredis's cluster client has besides. */
export interface IoRedisCluster {
  readonly options?: { readonly retryDelayOnFailover?: number };
}

/** What node-redis's (the package `redis`, version 5 or 6) clients, clusters and sentinel clients have that this package uses. */
export interface NodeRedisClient {
  readonly isOpen: boolean;
  evalSha(sha: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  eval(text: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  publish(channel: string, message: string): Promise<unknown>;
}

/** What subscribes in node-redis: a duplicate of a single client; a cluster or a sentinel client itself. */
export interface NodeRedisSubscriber {
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
  unsubscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
  on(event: string, listener: (error?: Error) => void): unknown;
  off(event: string, listener: (error?: Error) => void): unknown;
}

/** What a single server's node-redis client has besides. */
export interface NodeRedisServer {
  readonly isReady: boolean;
  sendCommand(args: readonly string[]): Promise<unknown>;
  multi(): NodeRedisPipeline<[args: readonly string[]]>;
  duplicate(): NodeRedisSubscriber & { connect(): Promise<unknown>; destroy(): void };
}

/** What node-redis's sentinel client has besides. */
export interface NodeRedisSentinel {
  /** `undefined` while there is no connection to the primary. */
  getMasterNode(): unknown;
  sendCommand(readOnly: boolean, args: readonly string[]): Promise<unknown>;
  multi(): NodeRedisPipeline<[readOnly: boolean, args: readonly string[]]>;
}

/** Commands that go over one connection, one behind the other. */
export interface NodeRedisPipeline<Command extends readonly unknown[]> {
  addCommand(...command: Command): NodeRedisPipeline<Command>;
  execAsPipeline(): Promise<unknown>;
}

/** A client of one of the two libraries. */
export type RedisClient = IoRedisClient | NodeRedisClient;
