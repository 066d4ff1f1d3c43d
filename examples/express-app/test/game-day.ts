import { fileURLToPath } from "node:url";
import { openWorkspace, type runGameDay, silentIo, type Workspace } from "keelson/ops";
import type { Theatre } from "../reliability/theatre.js";

/** What game days know of the service. */
export const CONFIG = fileURLToPath(new URL("../reliability/game-day.config.ts", import.meta.url));

/** The example's workspace, for a service that is up. */
export function workspaceAt({ env, url }: Theatre): Promise<Workspace> {
  const io = silentIo({ env: { PATH: process.env.PATH, ...env } });
  return openWorkspace(io, { config: CONFIG, target: url });
}

/** What of a game day is not as it should be: a line each, with the reason. */
export function complaints({ checks }: Awaited<ReturnType<typeof runGameDay>>): string[] {
  return checks
    .filter(({ verdict }) => verdict !== "pass" && verdict !== "skipped")
    .map(({ id, verdict, reason }) => `${id}: ${verdict}: ${reason}`);
}
