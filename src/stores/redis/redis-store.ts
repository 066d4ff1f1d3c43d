import type { Clock } from "../../core/clock.js";
import { ConfigError, integer, onlyKnown } from "../../core/config.js";
import { type Duration, milliseconds } from "../../core/duration.js";
import { warn } from "../scripted/advice.js";
import { prefixOf } from "../scripted/prefix.js";
import { ScriptedStore } from "../scripted/scripted-store.js";
import type { AnyTwin } from "../scripted/twins/twin.js";
import type { IoRedisClient, NodeRedisClient, RedisClient } from "./clients.js";
import { ioRedisLink } from "./ioredis.js";
import { nodeRedisLink } from "./node-redis.js";
import { watchServer } from "./watch-server.js";

/** Options of {@link redisStore}. */
export interface RedisStoreOptions {
  /** Before every key: what shares the server needs another. Default `"keelson"`. */
  readonly prefix?: string;
  /** How long a call may take that brings no deadline of its own. Default `"250ms"`. */
  readonly deadline?: Duration;
  /**
   * Cluster: where a cell lies, as a hash tag. Cells of one partition can be stepped together, all or nothing, and
   * those that wait at the same time share a round trip. Default: each key for itself.
   */
  readonly partition?: (space: string, key: string) => string;
  /**
   * Replicas that have to have a write before it counts, and how long that is waited for (Redis's WAIT): a failover then
   * loses it only if it promotes another. Not with a Cluster. Default: none; a failover loses the last writes.
   */
  readonly replicas?: { readonly count: number; readonly timeout?: Duration };
  /**
   * Gets what is wrong with the server's or the client's settings, and the errors of the connection for messages. Default:
   * a warning of the process (`console.warn` where there is none).
   */
  readonly onWarning?: (warning: Error) => void;
  /** Twins in Lua of kernels of your own. */
  readonly twins?: readonly AnyTwin[];
  /** For tests: whole milliseconds to decide at, in place of the server's time. */
  readonly now?: () => number;
  /** For deadlines. Default: the machine's. */
  readonly clock?: Clock;
}

/**
 * State in Redis 6.2 or newer, or Valkey, through a client of yours: ioredis (`Redis`, `Cluster`, Sentinel) or
 * node-redis (client, cluster, sentinel). Every decision is one script call, at the server's time; those that wait in the same
 * tick for the same slot share it.
 *
 * The store neither connects nor closes the client; `close()` ends the connection for messages that it opened itself.
 *
 * @example
 * const kit = createKit({ service: "shop", store: redisStore(new Redis(url)) });
 *
 * @throws {ConfigError} naming the option that is wrong
 */
export function redisStore(client: RedisClient, options: RedisStoreOptions = {}): ScriptedStore {
  onlyKnown(options, "redisStore", [
    "prefix",
    "deadline",
    "partition",
    "replicas",
    "onWarning",
    "twins",
    "now",
    "clock",
  ]);
  const { partition, replicas, onWarning = warn, twins, now, clock } = options;
  let store: ScriptedStore | undefined;
  const report = (error: unknown) => {
    // What ends because it was closed is nothing to be told of.
    if (store?.closed !== true) onWarning(error instanceof Error ? error : new Error(String(error)));
  };
  const link = linkOf(client, report);
  if (replicas !== undefined && link.runAndWait === undefined)
    throw new ConfigError("redisStore.replicas", replicas, "none with a Cluster: WAIT is one server's");
  store = new ScriptedStore({
    link,
    prefix: prefixOf(options.prefix, "redisStore.prefix"),
    deadlineMs: milliseconds(options.deadline ?? "250ms", "redisStore.deadline", 1),
    partition,
    twins,
    now,
    clock,
    ...(replicas !== undefined && {
      replicas: {
        count: integer(replicas.count, "redisStore.replicas.count", 1),
        timeoutMs: milliseconds(replicas.timeout ?? "100ms", "redisStore.replicas.timeout", 1),
      },
    }),
  });
  watchServer(client, link, report);
  return store;
}

/** @throws {ConfigError} when it is no client of these */
function linkOf(client: RedisClient, report: (error: unknown) => void) {
  const given = client as Partial<IoRedisClient & NodeRedisClient> | null | undefined;
  if (typeof given?.evalsha === "function" && typeof given.status === "string")
    return ioRedisLink(client as IoRedisClient, report);
  if (typeof given?.evalSha === "function") return nodeRedisLink(client as NodeRedisClient, report);
  throw new ConfigError("redisStore: client", client, "a client of ioredis or node-redis");
}
