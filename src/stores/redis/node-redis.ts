import type { Channels, Link, Replicas } from "../scripted/link.js";
import type { NodeRedisClient, NodeRedisSentinel, NodeRedisServer, NodeRedisSubscriber } from "./clients.js";
import { Subscriptions } from "./subscriptions.js";

/** A link over node-redis. `report` gets the errors of the connection for messages. */
export function nodeRedisLink(client: NodeRedisClient, report: (error: unknown) => void): Link {
  const { cluster, ready, own, send, runAndWait } = partsOf(client);
  const channels = new NodeRedisChannels(client, own, report);
  return {
    kind: "redis",
    cluster,
    ready,
    evalsha: (sha, keys, args) => client.evalSha(sha, { keys: keys as string[], arguments: args as string[] }),
    eval: (text, keys, args) => client.eval(text, { keys: keys as string[], arguments: args as string[] }),
    ...(send !== undefined && { info: async (section: string) => [String(await send(["INFO", section]))] }),
    ...(runAndWait !== undefined && { runAndWait }),
    channels,
    close: () => channels.close(),
  };
}

/** What differs between a client of one server, one of sentinels and one of a cluster. */
type Parts = {
  readonly cluster: boolean;
  ready(): boolean;
  /** A client that opens a connection of its own for messages. */
  readonly own?: NodeRedisServer;
  send?(args: readonly string[]): Promise<unknown>;
} & Pick<Link, "runAndWait">;

function partsOf(client: NodeRedisClient): Parts {
  if ("getMasterNode" in client) {
    const sentinel = client as NodeRedisClient & NodeRedisSentinel;
    return {
      cluster: false,
      // While there is no primary it would ask the sentinels again and again for each call that waits.
      ready: () => sentinel.getMasterNode() !== undefined,
      send: (args) => sentinel.sendCommand(false, args),
      runAndWait: (by, script, keys, args, replicas) =>
        piped(
          sentinel
            .multi()
            .addCommand(false, scriptCall(by, script, keys, args))
            .addCommand(false, waitFor(replicas)),
        ),
    };
  }
  if (!("isReady" in client)) return { cluster: true, ready: () => client.isOpen };
  const server = client as NodeRedisClient & NodeRedisServer;
  let connected = false;
  return {
    cluster: false,
    ready() {
      if (server.isReady) connected = true;
      return server.isReady || (!connected && client.isOpen);
    },
    own: server,
    send: (args) => server.sendCommand(args),
    runAndWait: (by, script, keys, args, replicas) =>
      piped(
        server
          .multi()
          .addCommand(scriptCall(by, script, keys, args))
          .addCommand(waitFor(replicas)),
      ),
  };
}

function scriptCall(by: "evalsha" | "eval", script: string, keys: readonly string[], args: readonly string[]) {
  return [by.toUpperCase(), script, String(keys.length), ...keys, ...args];
}

function waitFor({ count, timeoutMs }: Replicas): readonly string[] {
  return ["WAIT", String(count), String(timeoutMs)];
}

/** The commands of a pipeline are sent over one connection, or rejected together. */
async function piped(pipeline: { execAsPipeline(): Promise<unknown> }): Promise<readonly [unknown, number]> {
  const [reply, have] = (await pipeline.execAsPipeline()) as readonly unknown[];
  return [reply, Number(have)];
}

class NodeRedisChannels implements Channels {
  readonly #client: NodeRedisClient;
  readonly #own: NodeRedisServer | undefined;
  readonly #report: (error: unknown) => void;
  readonly #subscriptions = new Subscriptions();
  readonly #deliveries = new Map<string, (message: string) => void>();
  #connection: Promise<NodeRedisSubscriber> | undefined;
  #end: () => void = () => undefined;

  constructor(client: NodeRedisClient, own: NodeRedisServer | undefined, report: (error: unknown) => void) {
    this.#client = client;
    this.#own = own;
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
      try {
        await connection.subscribe(channel, deliver);
      } catch (error) {
        this.#remove(connection, channel, listener, gap);
        throw error;
      }
    }
    return () => this.#remove(connection, channel, listener, gap);
  }

  close(): void {
    this.#end();
  }

  #remove(
    connection: NodeRedisSubscriber,
    channel: string,
    listener: (message: string) => void,
    gap: (() => void) | undefined,
  ): void {
    const deliver = this.#deliveries.get(channel);
    if (!this.#subscriptions.remove(channel, listener, gap) || deliver === undefined) return;
    this.#deliveries.delete(channel);
    connection.unsubscribe(channel, deliver).catch(this.#report);
  }

  #connect(): Promise<NodeRedisSubscriber> {
    return this.#own === undefined ? this.#shared() : this.#separate(this.#own);
  }

  /** A cluster and a client of sentinels keep a connection for messages themselves. */
  async #shared(): Promise<NodeRedisSubscriber> {
    const connection = this.#client as unknown as NodeRedisSubscriber;
    // Sentinels name another primary: once it is subscribed to there, what was told meanwhile has been missed.
    const changed = () => {
      const again = [...this.#deliveries].map(([channel, deliver]) => connection.subscribe(channel, deliver));
      Promise.all(again).then(() => this.#subscriptions.missed(), this.#report);
    };
    connection.on("topology-change", changed);
    this.#end = () => connection.off("topology-change", changed);
    return connection;
  }

  /** Beside a single client a connection of its own is opened. */
  async #separate(client: NodeRedisServer): Promise<NodeRedisSubscriber> {
    const connection = client.duplicate();
    connection.on("error", this.#report);
    this.#end = () => connection.destroy();
    try {
      await connection.connect();
    } catch (error) {
      // It has given up, and the next who subscribes begins anew.
      this.#connection = undefined;
      throw error;
    }
    // From now on: each time that it is there again. It has subscribed again by then.
    connection.on("ready", () => this.#subscriptions.missed());
    return connection;
  }
}
