import { RedisAdvice } from "../scripted/advice.js";
import type { Link } from "../scripted/link.js";
import type { IoRedisCluster, IoRedisServer, RedisClient } from "./clients.js";

/**
 * Looks at how client and server are set, once there is a connection: an eviction policy that throws away live limits
 * and queued jobs, and a client that sends commands twice, do harm that nobody notices.
 */
export function watchServer(client: RedisClient, link: Link, report: (error: unknown) => void): void {
  const { options } = client as unknown as IoRedisServer & IoRedisCluster;
  if ("isCluster" in client && client.isCluster === true) {
    if ((options?.retryDelayOnFailover ?? 0) > 0)
      report(
        new RedisAdvice(
          "ioredis sends commands again whose connection broke: units may be taken twice. Set retryDelayOnFailover: 0",
        ),
      );
  } else if (
    options !== undefined &&
    "autoResendUnfulfilledCommands" in options &&
    options.autoResendUnfulfilledCommands
  )
    report(
      new RedisAdvice(
        "ioredis sends commands again whose answer was lost: units may be taken twice. Set autoResendUnfulfilledCommands: false",
      ),
    );
  const { info } = link;
  if (info === undefined) return;
  const look = async () => {
    for (const text of await info("memory")) {
      const policy = /^maxmemory_policy:(\S+)/m.exec(text)?.[1];
      if (policy !== undefined && policy !== "noeviction")
        report(
          new RedisAdvice(
            `the server's maxmemory-policy is ${policy}: it evicts live limits and queued jobs. Set it to noeviction`,
          ),
        );
    }
  };
  const looked = () =>
    look().catch((error: unknown) => {
      // Where the connection has gone meanwhile there is nothing to look at.
      if (link.ready()) report(error);
    });
  const emitter = client as unknown as {
    readonly status?: string;
    readonly isReady?: boolean;
    once(event: "ready", listener: () => void): unknown;
  };
  if (emitter.status === "ready" || emitter.isReady) void looked();
  else emitter.once("ready", () => void looked());
}
