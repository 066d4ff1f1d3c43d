import { fileURLToPath } from "node:url";
import { openWorkspace, type runGameDay, type Workspace } from "keelson/ops";
import type { Theatre } from "../reliability/theatre.js";

const CONFIG = fileURLToPath(new URL("../reliability/game-day.config.json", import.meta.url));

/** The example's workspace, for a service that is up. */
export function workspaceAt({ env }: Theatre): Promise<Workspace> {
  const io = {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    env: { PATH: process.env.PATH, ...env },
    out: () => undefined,
    err: () => undefined,
    colour: false,
    live: false,
    status: () => undefined,
    now: () => new Date(),
    signal: new AbortController().signal,
  };
  return openWorkspace(io, { config: CONFIG, ...(env.SERVICE_URL !== undefined && { target: env.SERVICE_URL }) });
}

/** What of a game day is not as it should be: a line each, with the reason. */
export function complaints({ checks }: Awaited<ReturnType<typeof runGameDay>>): string[] {
  return checks
    .filter(({ verdict }) => verdict !== "pass" && verdict !== "skipped")
    .map(({ id, verdict, reason }) => `${id}: ${verdict}: ${reason}`);
}
