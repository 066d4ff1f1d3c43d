import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Redis } from "ioredis";

/** A running gateway. */
export interface RestGateway {
  readonly url: string;
  readonly token: string;
  /** Requests answered so far. */
  readonly requests: number;
  stop(): Promise<void>;
}

type Reply = string | number | null | readonly Reply[];

/**
 * Speaks as much of Upstash's REST protocol as `@upstash/redis` does in front of a Redis: a command as a JSON array to
 * `/`, several to `/pipeline`; text as base64 where it is asked for.
 */
export async function startRestGateway(redisUrl: string): Promise<RestGateway> {
  const token = "a token";
  const client = new Redis(redisUrl, { autoResendUnfulfilledCommands: false });
  let requests = 0;
  const run = async ([name = "", ...args]: readonly string[], encode: (reply: Reply) => Reply) => {
    try {
      return { result: encode((await client.call(name, ...args)) as Reply) };
    } catch (error) {
      return { error: (error as Error).message };
    }
  };
  const server = createServer((request, response) => {
    requests++;
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    const handle = async () => {
      if (request.headers.authorization !== `Bearer ${token}`) return answer(401, { error: "WRONGPASS invalid token" });
      const body: unknown = JSON.parse(await textOf(request));
      const encode = request.headers["upstash-encoding"] === "base64" ? base64 : (reply: Reply) => reply;
      if (request.url === "/pipeline") {
        const commands = body as readonly (readonly string[])[];
        return answer(200, await Promise.all(commands.map((command) => run(command.map(String), encode))));
      }
      if (request.url !== "/") return answer(404, { error: `no such path: ${request.url}` });
      const outcome = await run((body as readonly unknown[]).map(String), encode);
      answer("error" in outcome ? 400 : 200, outcome);
    };
    handle().catch((error: unknown) => answer(400, { error: `ERR ${String(error)}` }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token,
    get requests() {
      return requests;
    },
    async stop() {
      client.disconnect();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function base64(reply: Reply): Reply {
  if (typeof reply === "string") return reply === "OK" ? reply : Buffer.from(reply).toString("base64");
  return Array.isArray(reply) ? reply.map(base64) : reply;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
