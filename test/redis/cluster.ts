import { Redis } from "ioredis";
import { type Server, startServer } from "./server.js";

/** A running cluster. */
export interface Cluster {
  readonly servers: readonly Server[];
  /** The address of one of them, from which clients find the others. */
  readonly url: string;
  /**
   * Moves a slot with all its keys from the server that has it to another, as an operator would: the slot is open on both
   * sides meanwhile.
   *
   * @param between called after each key that has moved
   */
  moveSlot(slot: number, to: number, between?: () => Promise<void>): Promise<void>;
  /** Which of the servers has a slot. */
  ownerOf(slot: number): Promise<number>;
  stop(): Promise<void>;
}

const SLOTS = 16_384;

/** Starts a cluster of some primaries without replicas, and waits until all of them say that it is complete. */
export async function startCluster({
  path,
  primaries = 3,
}: {
  readonly path: string;
  readonly primaries?: number;
}): Promise<Cluster> {
  const extra = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"];
  const servers = await Promise.all(Array.from({ length: primaries }, () => startServer({ path, extra })));
  const clients = servers.map(({ url }) => new Redis(url));
  const ask = (of: number, ...command: string[]) => (clients[of] as Redis).call("CLUSTER", ...command);
  const ids = await Promise.all(clients.map((_, of) => ask(of, "MYID") as Promise<string>));

  await Promise.all(
    clients.map((_, of) => {
      const [from, until] = [of, of + 1].map((n) => Math.floor((n * SLOTS) / primaries)) as [number, number];
      return ask(of, "ADDSLOTS", ...Array.from({ length: until - from }, (_, i) => String(from + i)));
    }),
  );
  for (const { host, port } of servers.slice(1)) await ask(0, "MEET", host, String(port));
  // They tell each other in their own time.
  for (let of = 0; of < primaries; ) {
    const info = (await ask(of, "INFO")) as string;
    if (info.includes("cluster_state:ok") && info.includes(`cluster_size:${primaries}`)) of++;
    else await new Promise((resolve) => setTimeout(resolve, 20));
  }

  const ownerOf = async (slot: number) => {
    const ranges = (await ask(0, "SLOTS")) as [from: number, to: number, [host: string, port: number, id: string]][];
    const range = ranges.find(([from, to]) => from <= slot && slot <= to);
    return ids.indexOf(range?.[2][2] ?? "");
  };

  return {
    servers,
    url: (servers[0] as Server).url,
    ownerOf,
    async moveSlot(slot, to, between) {
      const from = await ownerOf(slot);
      const text = String(slot);
      await ask(to, "SETSLOT", text, "IMPORTING", ids[from] as string);
      await ask(from, "SETSLOT", text, "MIGRATING", ids[to] as string);
      const { host, port } = servers[to] as Server;
      for (;;) {
        const [key] = (await ask(from, "GETKEYSINSLOT", text, "1")) as string[];
        if (key === undefined) break;
        await (clients[from] as Redis).call("MIGRATE", host, String(port), key, "0", "5000");
        await between?.();
      }
      await ask(to, "SETSLOT", text, "NODE", ids[to] as string);
      for (const of of clients.keys()) if (of !== to) await ask(of, "SETSLOT", text, "NODE", ids[to] as string);
    },
    async stop() {
      for (const client of clients) client.disconnect();
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}
