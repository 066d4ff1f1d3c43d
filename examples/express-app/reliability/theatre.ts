import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type FaultyProcess, type FaultyProxy, faultyProcess, faultyProxy } from "keelson/testing";
import { freePort } from "../demo/free-port.js";
import type { Environment } from "../service/kit.js";
import { sessionToken } from "../service/session-token.js";
import { startStandIns } from "../stand-ins/stand-ins.js";
import { local } from "./local.js";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

/** Time-outs and limits that a game day gets through in seconds. The shape is that of the defaults. */
const QUICK: Environment = {
  OPENROUTER_TIMEOUT_MS: "2500ms",
  OPENROUTER_ATTEMPT_TIMEOUT_MS: "1s",
  SERPER_TIMEOUT_MS: "4s",
  SERPER_ATTEMPT_TIMEOUT_MS: "1500ms",
  BREAKER_MINIMUM_CALLS: "4",
  BREAKER_OPEN_MS: "1s",
  // What is looked for again is searched for again.
  TOOL_CACHE_WEB_SEARCH_TTL_MS: "100ms",
  RATE_LIMIT_CLIENT_MAX: "6000",
  RATE_LIMIT_CHAT_MAX: "600",
  RATE_LIMIT_WEBHOOK_MAX: "200",
  DIGEST_QUEUE_MAX: "20",
};

/** The service with everything that it calls, all of it breakable. */
export interface Theatre {
  readonly url: string;
  /** What experiments and runbooks need to know. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/**
 * Puts the service up, in a process of its own, with stand-ins; with Redis behind a proxy where one can be had.
 *
 * @param redis address of a running one, or path of redis-server; `false`: none. Default: the redis-server on PATH, if any
 */
export async function openTheatre({
  redis = onPath("redis-server") ?? false,
}: {
  readonly redis?: string | false | undefined;
} = {}): Promise<Theatre> {
  const open: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const end of open.splice(0).reverse()) await end();
  };
  try {
    const standIns = await startStandIns({ admin: true, secrets: local });
    open.push(() => standIns.close());
    const store = redis === false ? undefined : await breakableRedis(redis, open);
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const service = await faultyProcess({
      command: [process.execPath, "--import", "tsx", MAIN],
      ready: /listening on/,
      readyWithin: "30s",
      env: {
        PATH: process.env.PATH,
        ...standIns.env,
        ...QUICK,
        PORT: `${port}`,
        ...(store && { REDIS_URL: store.url, REDIS_PREFIX: `game-day-${process.pid}` }),
      },
    });
    open.push(() => service.close());
    const { OPERATOR_TOKEN, SESSION_SECRET, WHATSAPP_APP_SECRET, WHATSAPP_VERIFY_TOKEN } = standIns.env;
    const { openRouter, serper, gmail, pubSub } = standIns;
    return {
      url,
      env: {
        SERVICE_URL: url,
        OPERATOR_TOKEN,
        SESSION_TOKEN: await sessionToken(SESSION_SECRET, "game-day"),
        PUSH_TOKEN: pubSub.token(),
        WHATSAPP_APP_SECRET,
        WHATSAPP_VERIFY_TOKEN,
        // Nobody's (RFC 5737): whom runbooks block here is played by X-Forwarded-For, which the service believes.
        BLOCKED_ADDRESS: "192.0.2.66",
        OPENROUTER_ADMIN: adminOf(openRouter),
        SERPER_ADMIN: adminOf(serper),
        GMAIL_ADMIN: adminOf(gmail),
        PUBSUB_ADMIN: adminOf(pubSub.upstream),
        ...(store && { REDIS_ADMIN: adminOf(store) }),
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function breakableRedis(redis: string, open: (() => Promise<void>)[]): Promise<FaultyProxy> {
  let target = redis;
  if (!redis.includes("://")) {
    const port = await freePort();
    const server: FaultyProcess = await faultyProcess({
      command: [redis, "--bind", "127.0.0.1", "--port", `${port}`, "--save", "", "--appendonly", "no"],
      ready: /Ready to accept connections/,
    });
    open.push(() => server.close());
    target = `redis://127.0.0.1:${port}`;
  }
  const proxy = await faultyProxy({ target, admin: true });
  open.push(() => proxy.close());
  return proxy;
}

function adminOf({ adminUrl }: { readonly adminUrl: string | undefined }): string {
  if (adminUrl === undefined) throw new TypeError("it was started without an admin port");
  return adminUrl;
}

function onPath(program: string): string | undefined {
  return (process.env.PATH ?? "")
    .split(delimiter)
    .map((folder) => join(folder, program))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
