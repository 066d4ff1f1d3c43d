import type { Channels, Link } from "../scripted/link.js";
import type { IoRedisClient, IoRedisServer, IoRedisSubscriber } from "./clients.js";
import { Subscriptions } from "./subscriptions.js";

/** The states of a client that has not been connected yet, and may be as soon as something is asked of it. */
const BEGINNING = ["wait", "connecting", "connect"];

/** A link over ioredis. `report` gets the errors of the connection for messages. */
export function ioRedisLink(client: IoRedisClient, report: (error: unknown) => void): Link {
  let connected = false;
  const channels = new IoRedisChannels(client, report);
  const cluster = "isCluster" in client && client.isCluster === true;
  return {
    kind: "redis",
    cluster,
    ready() {
      if (client.status === "ready") connected = true;
      // Once there was a connection, one that is lost is not waited for: what is kept meanwhile would all be sent at once.
      return client.status === "ready" || (!connected && BEGINNING.includes(client.status));
    },
    evalsha: (sha, keys, args) => client.evalsha(sha, keys.length, ...keys, ...args),
    eval: (text, keys, args) => client.eval(text, keys.length, ...keys, ...args),
    ...serverParts(client, cluster),
    channels,
    close: () => channels.close(),
  };
}

/** What can be asked of a single server, and of each of a cluster's. */
function serverParts(client: IoRedisClient, cluster: boolean): Pick<Link, "info" | "wait"> {
  if (!cluster) {
    const server = client as unknown as IoRedisServer;
    return {
      info: async (section) => [await server.info(section)],
      wait: (replicas, timeoutMs) => server.wait(replicas, timeoutMs),
    };
  }
  const nodes = client as unknown as { nodes(role: "master"): readonly IoRedisServer[] };
  return { info: (section) => Promise.all(nodes.nodes("master").map((node) => node.info(section))) };
}

class IoRedisChannels implements Channels {
  readonly #client: IoRedisClient;
  readonly #report: (error: unknown) => void;
  readonly #subscriptions = new Subscriptions();
  #connection: IoRedisSubscriber | undefined;

  constructor(client: IoRedisClient, report: (error: unknown) => void) {
    this.#client = client;
    this.#report = report;
  }

  publish(channel: string, message: string): void {
    this.#client.publish(channel, message).catch(this.#report);
  }

  async subscribe(channel: string, listener: (message: string) => void, gap?: () => void): Promise<() => void> {
    const connection = this.#connect();
    if (this.#subscriptions.add(channel, listener, gap)) await connection.subscribe(channel);
    return () => {
      if (this.#subscriptions.remove(channel, listener, gap)) connection.unsubscribe(channel).catch(this.#report);
    };
  }

  close(): void {
    this.#connection?.disconnect();
  }

  /** A connection that subscribes can do nothing else: it gets one of its own, when it is first needed. */
  #connect(): IoRedisSubscriber {
    if (this.#connection !== undefined) return this.#connection;
    const connection = this.#client.duplicate();
    connection.on("message", (channel, message) => this.#subscriptions.deliver(channel, message));
    connection.on("ready", () => this.#subscriptions.connected());
    connection.on("error", this.#report);
    this.#connection = connection;
    return connection;
  }
}
