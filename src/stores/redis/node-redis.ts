import type { Channels, Link } from "../scripted/link.js";
import type { NodeRedisClient, NodeRedisServer, NodeRedisSubscriber } from "./clients.js";
import { Subscriptions } from "./subscriptions.js";

/** A link over node-redis. `report` gets the errors of the connection for messages. */
export function nodeRedisLink(client: NodeRedisClient, report: (error: unknown) => void): Link {
  const server = "isReady" in client ? (client as NodeRedisClient & NodeRedisServer) : undefined;
  const channels = new NodeRedisChannels(client, server, report);
  let connected = false;
  return {
    kind: "redis",
    cluster: server === undefined,
    ready() {
      if (server === undefined) return client.isOpen;
      if (server.isReady) connected = true;
      return server.isReady || (!connected && client.isOpen);
    },
    evalsha: (sha, keys, args) => client.evalSha(sha, { keys: keys as string[], arguments: args as string[] }),
    eval: (text, keys, args) => client.eval(text, { keys: keys as string[], arguments: args as string[] }),
    ...(server !== undefined && {
      info: async (section: string) => [String(await server.sendCommand(["INFO", section]))],
      wait: async (replicas: number, timeoutMs: number) =>
        Number(await server.sendCommand(["WAIT", String(replicas), String(timeoutMs)])),
    }),
    channels,
    close: () => channels.close(),
  };
}

class NodeRedisChannels implements Channels {
  readonly #client: NodeRedisClient;
  readonly #server: NodeRedisServer | undefined;
  readonly #report: (error: unknown) => void;
  readonly #subscriptions = new Subscriptions();
  readonly #deliveries = new Map<string, (message: string) => void>();
  #connection: Promise<NodeRedisSubscriber> | undefined;
  #end: () => void = () => undefined;

  constructor(client: NodeRedisClient, server: NodeRedisServer | undefined, report: (error: unknown) => void) {
    this.#client = client;
    this.#server = server;
    this.#report = report;
  }

  publish(channel: string, message: string): void {
    this.#client.publish(channel, message).catch(this.#report);
  }

  async subscribe(channel: string, listener: (message: string) => void, gap?: () => void): Promise<() => void> {
    this.#connection ??= this.#connect();
    const connection = await this.#connection;
    if (this.#subscriptions.add(channel, listener, gap)) {
      const deliver = (message: string) => this.#subscriptions.deliver(channel, message);
      this.#deliveries.set(channel, deliver);
      await connection.subscribe(channel, deliver);
    }
    return () => {
      const deliver = this.#deliveries.get(channel);
      if (!this.#subscriptions.remove(channel, listener, gap) || deliver === undefined) return;
      this.#deliveries.delete(channel);
      connection.unsubscribe(channel, deliver).catch(this.#report);
    };
  }

  close(): void {
    this.#end();
  }

  /** A cluster keeps a connection for messages itself; beside a single client one of its own is opened. */
  async #connect(): Promise<NodeRedisSubscriber> {
    if (this.#server === undefined) return this.#client as unknown as NodeRedisSubscriber;
    const connection = this.#server.duplicate();
    connection.on("error", this.#report);
    connection.on("ready", () => this.#subscriptions.connected());
    this.#end = () => connection.destroy();
    await connection.connect();
    return connection;
  }
}
