import { Redis } from "ioredis";
import { type Server, startServer } from "./server.js";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.js";

/** A primary, a replica, and sentinels that watch them. */
export interface SentinelGroup {
  /** What the sentinels call the primary. */
  readonly name: string;
  readonly sentinels: readonly { readonly host: string; readonly port: number }[];
  /** The first primary. */
  readonly primary: Server;
  /** What is promoted when the primary is gone. */
  readonly replica: Server;
  /**
   * What the replica hears of the primary goes through here: `drop()`, and writes from then on are lost by a failover.
   * (Several sentinels see to it that the replica goes straight, after some seconds.)
   */
  readonly replication: TcpProxy;
  /** Resolves when the replica has what the primary had got until now. */
  replicated(): Promise<void>;
  /** Kills the primary (SIGKILL), and resolves once the replica is promoted. */
  failOver(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts them, and waits until the sentinels know of the replica and of each other. */
export async function startSentinels({
  path,
  sentinels: count = 1,
  downAfterMs = 300,
}: {
  readonly path: string;
  /** One to three. Default 1. */
  readonly sentinels?: number;
  /** After how long a silent primary is taken for dead. Default 300. */
  readonly downAfterMs?: number;
}): Promise<SentinelGroup> {
  const name = "main";
  const primary = await startServer({ path });
  const replication = await startTcpProxy(primary);
  const replica = await startServer({
    path,
    extra: ["--replicaof", "127.0.0.1", String(replication.port), "--repl-diskless-sync-delay", "0"],
  });
  const [first, second] = [client(primary), client(replica)];
  await until(async () => (await second.info("replication")).includes("master_link_status:up"));

  const config = [
    `sentinel monitor ${name} ${primary.host} ${primary.port} ${Math.floor(count / 2) + 1}`,
    `sentinel down-after-milliseconds ${name} ${downAfterMs}`,
    `sentinel failover-timeout ${name} 3000`,
    "",
  ].join("\n");
  const servers = await Promise.all(
    Array.from({ length: count }, () => startServer({ path, config, extra: ["--sentinel"] })),
  );
  const asked = servers.map(client);
  for (const sentinel of asked)
    await until(async () => {
      const facts = (await sentinel.call("SENTINEL", "MASTER", name)) as string[];
      const fact = (of: string) => facts[facts.indexOf(of) + 1];
      return fact("num-slaves") === "1" && fact("num-other-sentinels") === String(count - 1);
    });
  // A sentinel puts a replica right that goes another way to its primary, after four times this. (Several need to hear
  // of each other.)
  if (count === 1) await asked[0]?.call("SENTINEL", "DEBUG", "PUBLISH-PERIOD", "600000");
  for (const sentinel of asked) sentinel.disconnect();

  return {
    name,
    sentinels: servers.map(({ host, port }) => ({ host, port })),
    primary,
    replica,
    replication,
    async replicated() {
      const offset = async (of: Redis, field: string) =>
        Number(new RegExp(`^${field}:(\\d+)`, "m").exec(await of.info("replication"))?.[1]);
      const wanted = await offset(first, "master_repl_offset");
      await until(async () => (await offset(second, "slave_repl_offset")) >= wanted);
    },
    async failOver() {
      await primary.kill();
      await until(async () => (await second.info("replication")).includes("role:master"));
    },
    async stop() {
      for (const one of [first, second]) one.disconnect();
      await Promise.all([...servers, primary, replica].map((server) => server.stop()));
      await replication.stop();
    },
  };
}

function client({ url }: Server): Redis {
  // Asks only: what was under way when a sentinel ended the connection is asked again.
  const redis = new Redis(url, { retryStrategy: () => 50 });
  // They are killed.
  redis.on("error", () => undefined);
  return redis;
}

/** They tell each other in their own time. */
async function until(is: () => Promise<boolean>): Promise<void> {
  while (!(await is())) await new Promise((resolve) => setTimeout(resolve, 20));
}
