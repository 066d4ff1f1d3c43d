import type { Channels } from "../scripted/link.js";
import type { IoRedisClient, IoRedisServer, IoRedisSubscriber } from "./clients.js";
import { Subscriptions } from "./subscriptions.js";

/** Publish and subscribe over ioredis. */
export class IoRedisChannels implements Channels {
  readonly #client: IoRedisClient;
  readonly #cluster: boolean;
  readonly #report: (error: unknown) => void;
  readonly #subscriptions = new Subscriptions();
  /** Those who wait for the server to confirm. */
  readonly #waiting = new Set<() => void>();
  #connection: IoRedisSubscriber | undefined;

  constructor(client: IoRedisClient, cluster: boolean, report: (error: unknown) => void) {
    this.#client = client;
    this.#cluster = cluster;
    this.#report = report;
  }

  publish(channel: string, message: string): void {
    this.#client.publish(channel, message).catch(this.#report);
  }

  async subscribe(channel: string, listener: (message: string) => void, gap?: () => void): Promise<() => void> {
    const connection = this.#connect();
    const remove = () => {
      if (this.#subscriptions.remove(channel, listener, gap)) connection.unsubscribe(channel).catch(this.#report);
    };
    if (this.#subscriptions.add(channel, listener, gap)) {
      try {
        await this.#confirmed(connection, channel);
      } catch (error) {
        remove();
        throw error;
      }
    }
    return remove;
  }

  close(): void {
    this.#connection?.disconnect();
  }

  /**
   * Subscribes now, or when there is a connection. (One that is just being made sends subscriptions before it asks the
   * server whether it is ready, and then may not ask any more: it breaks.)
   */
  #confirmed(connection: IoRedisSubscriber, channel: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const confirmed = () => {
        this.#waiting.delete(confirmed);
        resolve();
      };
      this.#waiting.add(confirmed);
      if (connection.status === "connect") return;
      connection.subscribe(channel).then(confirmed, (error: unknown) => {
        // One that was lost on the way is made again with the next connection.
        if (connection.status !== "ready" && connection.status !== "end") return;
        this.#waiting.delete(confirmed);
        reject(error);
      });
    });
  }

  /** A connection that subscribes can do nothing else: it gets one of its own, when it is first needed. */
  #connect(): IoRedisSubscriber {
    if (this.#connection !== undefined) return this.#connection;
    // (Left to itself it would subscribe again with a promise that nobody looks after.)
    const connection = this.#cluster
      ? this.#client.duplicate()
      : (this.#client as unknown as IoRedisServer).duplicate({ autoResubscribe: false });
    connection.on("message", (channel, message) => this.#subscriptions.deliver(channel, message));
    let first = true;
    connection.on("ready", () => {
      this.#again(connection, !first);
      first = false;
    });
    connection.on("error", this.#report);
    this.#connection = connection;
    return connection;
  }

  /** Connected: what was told before it is subscribed again has been missed. */
  #again(connection: IoRedisSubscriber, missed: boolean): void {
    const channels = this.#subscriptions.channels();
    if (channels.length === 0) return;
    const waiting = [...this.#waiting];
    connection.subscribe(...channels).then(() => {
      for (const confirmed of waiting) confirmed();
      if (missed) this.#subscriptions.missed();
    }, this.#report);
  }
}
