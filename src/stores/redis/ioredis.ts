import type { Link } from "../scripted/link.js";
import type { IoRedisClient, IoRedisServer } from "./clients.js";
import { IoRedisChannels } from "./ioredis-channels.js";
import { UnderWay } from "./under-way.js";

/** The states of a client that has not been connected yet, and may be as soon as something is asked of it. */
const BEGINNING = ["wait", "connecting", "connect"];

/** A link over ioredis. `report` gets the errors of the connection for messages. */
export function ioRedisLink(client: IoRedisClient, report: (error: unknown) => void): Link {
  let connected = false;
  const cluster = "isCluster" in client && client.isCluster === true;
  const channels = new IoRedisChannels(client, cluster, report);
  const underWay = new UnderWay();
  const closed = () => underWay.lost();
  client.on("close", closed);
  const run: Pick<Link, "evalsha" | "eval"> = {
    evalsha: (sha, keys, args) => underWay.track(client.evalsha(sha, keys.length, ...keys, ...args)),
    eval: (text, keys, args) => underWay.track(client.eval(text, keys.length, ...keys, ...args)),
  };
  return {
    kind: "redis",
    cluster,
    ready() {
      if (client.status === "ready") connected = true;
      // Once there was a connection, one that is lost is not waited for: what is kept meanwhile would all be sent at once.
      return client.status === "ready" || (!connected && BEGINNING.includes(client.status));
    },
    ...run,
    ...(cluster ? nodesParts(client) : serverParts(client, run, underWay)),
    channels,
    close() {
      client.off("close", closed);
      channels.close();
    },
  };
}

/** What can be asked of a single server. */
function serverParts(
  client: IoRedisClient,
  run: Pick<Link, "evalsha" | "eval">,
  underWay: UnderWay,
): Pick<Link, "info" | "runAndWait" | "read"> {
  const server = client as unknown as IoRedisServer;
  return {
    info: async (section) => [await server.info(section)],
    read: async (keys) => {
      let pipeline = server.pipeline();
      for (const key of keys) pipeline = pipeline.getBuffer(key).pttl(key);
      const replies = (await underWay.track(pipeline.exec())) ?? [];
      return keys.map((_, i) => {
        const [failed, value] = replies[2 * i] ?? [];
        const [late, ttl] = replies[2 * i + 1] ?? [];
        if (failed || late || typeof ttl !== "number") throw failed ?? late ?? new Error("no answer");
        return [value as Uint8Array | null, ttl];
      });
    },
    // Written in the same turn both go over the same connection.
    runAndWait: (by, script, keys, args, { count, timeoutMs }) =>
      Promise.all([run[by](script, keys, args), underWay.track(server.wait(count, timeoutMs))]),
  };
}

/** What can be asked of each of a cluster's. */
function nodesParts(client: IoRedisClient): Pick<Link, "info"> {
  const nodes = client as unknown as { nodes(role: "master"): readonly IoRedisServer[] };
  return { info: (section) => Promise.all(nodes.nodes("master").map((node) => node.info(section))) };
}
