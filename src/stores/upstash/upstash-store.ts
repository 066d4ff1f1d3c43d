import type { Clock } from "../../core/clock.js";
import { ConfigError, onlyKnown } from "../../core/config.js";
import { type Duration, milliseconds } from "../../core/duration.js";
import type { Link } from "../scripted/link.js";
import { prefixOf } from "../scripted/prefix.js";
import { ScriptedStore } from "../scripted/scripted-store.js";
import type { AnyTwin } from "../scripted/twins/twin.js";

/** What of `@upstash/redis`'s `Redis` this package uses. */
export interface UpstashClient {
  evalsha(sha: string, keys: string[], args: string[]): Promise<unknown>;
  eval(text: string, keys: string[], args: string[]): Promise<unknown>;
}

/** Options of {@link upstashStore}. */
export interface UpstashStoreOptions {
  /** Before every key: what shares the database needs another. Default `"keelson"`. */
  readonly prefix?: string;
  /** How long a call may take that brings no deadline of its own. Default `"1s"`: it goes over HTTP. */
  readonly deadline?: Duration;
  /** Twins in Lua of kernels of your own. */
  readonly twins?: readonly AnyTwin[];
  /** For tests: whole milliseconds to decide at, in place of the server's time. */
  readonly now?: () => number;
  /** For deadlines. Default: the machine's. */
  readonly clock?: Clock;
}

/**
 * State in Upstash over REST, wherever there is `fetch`: the same scripts as {@link redisStore} runs, so both agree.
 * Each tick's decisions are one request. There are no messages over REST: other processes' changes are seen when what
 * is held has run out, or is asked for.
 *
 * @example
 * const kit = createKit({ service: "shop", store: upstashStore(Redis.fromEnv()) });
 *
 * @throws {ConfigError} naming the option that is wrong
 */
export function upstashStore(client: UpstashClient, options: UpstashStoreOptions = {}): ScriptedStore {
  onlyKnown(options, "upstashStore", ["prefix", "deadline", "twins", "now", "clock"]);
  if (typeof client?.evalsha !== "function" || typeof client.eval !== "function")
    throw new ConfigError("upstashStore: client", client, "a Redis of @upstash/redis");
  const { twins, now, clock } = options;
  return new ScriptedStore({
    link: upstashLink(client),
    prefix: prefixOf(options.prefix, "upstashStore.prefix"),
    deadlineMs: milliseconds(options.deadline ?? "1s", "upstashStore.deadline", 1),
    twins,
    now,
    clock,
  });
}

function upstashLink(client: UpstashClient): Link {
  return {
    kind: "upstash",
    cluster: false,
    rest: true,
    ready: () => true,
    evalsha: (sha, keys, args) => client.evalsha(sha, keys as string[], args as string[]),
    eval: (text, keys, args) => client.eval(text, keys as string[], args as string[]),
    close: () => undefined,
  };
}
