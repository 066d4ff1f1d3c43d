import { randomInt } from "node:crypto";
import { createServer } from "node:net";

const LOWEST = 10_000;
const HIGHEST = 22_000;
const BUS = 10_000;

/**
 * A port of the loopback that nobody listens on, whose cluster bus (10,000 above) is free as well.
 *
 * It lies below the ports that systems hand out for outgoing connections (from 32,768 on Linux, 49,152 elsewhere), so
 * it stays free while a server that was killed is down: a client that keeps trying to connect to a closed port from
 * among those would one day be given that very port to connect from, and be connected to itself.
 *
 * @throws {Error} after 100 ports that were taken
 */
export async function freePort(host: string): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = randomInt(LOWEST, HIGHEST);
    if ((await isFree(host, port)) && (await isFree(host, port + BUS))) return port;
  }
  throw new Error(`no free port between ${LOWEST} and ${HIGHEST} on ${host}`);
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
