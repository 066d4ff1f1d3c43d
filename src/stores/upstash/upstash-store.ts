import type { Clock } from "../../core/clock.js";
import { ConfigError, onlyKnown } from "../../core/config.js";
import { type Duration, milliseconds } from "../../core/duration.js";
import { RedisAdvice, warn } from "../scripted/advice.js";
import type { Link } from "../scripted/link.js";
import { prefixOf } from "../scripted/prefix.js";
import { ScriptedStore } from "../scripted/scripted-store.js";
import type { AnyTwin } from "../scripted/twins/twin.js";

/** What of `@upstash/redis`'s `Redis` this package uses. */
export interface UpstashClient {
  evalsha(sha: string, keys: string[], args: string[]): Promise<unknown>;
  eval(text: string, keys: string[], args: string[]): Promise<unknown>;
}

/** What `@upstash/redis` sends requests with, as far as it can be seen. */
interface Requests {
  readonly retry?: { readonly attempts?: number };
}

/** Options of {@link upstashStore}. */
export interface UpstashStoreOptions {
  /** Before every key: what shares the database needs another. Default `"keelson"`. */
  readonly prefix?: string;
  /** How long a call may take that brings no deadline of its own. Default `"1s"`: it goes over HTTP. */
  readonly deadline?: Duration;
  /** Gets what is wrong with the client's settings. Default: a warning of the process (`console.warn` where there is none). */
  readonly onWarning?: (warning: Error) => void;
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
 * const kit = createKit({ service: "shop", store: upstashStore(Redis.fromEnv({ retry: { retries: 0 } })) });
 *
 * @throws {ConfigError} naming the option that is wrong
 */
export function upstashStore(client: UpstashClient, options: UpstashStoreOptions = {}): ScriptedStore {
  onlyKnown(options, "upstashStore", ["prefix", "deadline", "onWarning", "twins", "now", "clock"]);
  if (typeof client?.evalsha !== "function" || typeof client.eval !== "function")
    throw new ConfigError("upstashStore: client", client, "a Redis of @upstash/redis");
  const { onWarning = warn, twins, now, clock } = options;
  const { retry } = (client as unknown as { readonly client?: Requests }).client ?? {};
  if ((retry?.attempts ?? 0) > 0)
    onWarning(
      new RedisAdvice(
        "the client sends requests again whose answer was lost: units may be taken twice. Set retry: { retries: 0 } (false still sends them twice)",
      ),
    );
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
