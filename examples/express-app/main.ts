/**
 * Runs the service. Where no OPENROUTER_URL or OPENROUTER_API_KEY is set, stand-ins on this machine take the place of
 * everything it calls.
 */
import type { AddressInfo } from "node:net";
import { closeOnSignals, type Shutdown } from "keelson/node";
import { local } from "./reliability/local.js";
import { createService } from "./service/service.js";
import { sessionToken } from "./service/session-token.js";
import { type StandIns, startStandIns } from "./stand-ins/stand-ins.js";

const { OPENROUTER_URL, OPENROUTER_API_KEY } = process.env;
const alone = OPENROUTER_URL === undefined && OPENROUTER_API_KEY === undefined;
const standIns = alone ? await startStandIns({ admin: true, secrets: local }) : undefined;

let shutdown: Shutdown | undefined;
const { kit, app, close } = createService(
  { ...(alone && local), ...standIns?.env, ...process.env },
  () => shutdown?.ready ?? false,
);
const server = app.listen(kit.knobs.PORT, kit.knobs.HOST);
server.once("listening", async () => {
  const { address, port } = server.address() as AddressInfo;
  const url = `http://${address.includes(":") ? `[${address}]` : address}:${port}`;
  console.log(`listening on ${url}`);
  if (standIns !== undefined) console.log(await howToTry(url, standIns));
});
server.once("error", (error) => {
  console.error(`can't listen: ${error.message}`);
  process.exitCode = 1;
  void close();
});
shutdown = closeOnSignals({ close }, server, { drain: kit.knobs.DRAIN_MS });

async function howToTry(url: string, { env, openRouter, serper }: StandIns): Promise<string> {
  const token = await sessionToken(env.SESSION_SECRET, "ada", "8h");
  return `
Ask it something:
  curl -i ${url}/api/chat -H 'content-type: application/json' -H 'origin: https://shop.example' \\
    -H 'authorization: Bearer ${token}' -d '{"message":"a tent for two"}'

Break what it calls (gone again after 30 s), and ask again:
  curl ${openRouter.adminUrl}/faults -H 'content-type: application/json' -d '{"kind":"status","status":503,"ttl":"30s"}'
  curl ${serper.adminUrl}/faults -H 'content-type: application/json' -d '{"kind":"hang","ttl":"30s"}'

See how it is doing, live (the token is ${env.OPERATOR_TOKEN}):
  ${url}/operator

Or by hand:
  curl ${url}/ops/snapshot -H 'authorization: Bearer ${env.OPERATOR_TOKEN}'
  curl ${url}/ops/surface -H 'authorization: Bearer ${env.OPERATOR_TOKEN}'

Stop it with Ctrl-C.
`;
}
