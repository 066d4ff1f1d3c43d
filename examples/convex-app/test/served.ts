import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** The folder of the repository. */
export const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** The app as `npm run example:convex` serves it, in a process of its own. */
export interface ServedApp {
  readonly url: string;
  /** The lines that it prints to be tried. */
  readonly lines: readonly string[];
  stop(): Promise<void>;
}

/** @throws {Error} when it ends before it has said where it is */
export async function startServed(env: Readonly<Record<string, string>> = {}): Promise<ServedApp> {
  const app = spawn("npx", ["--no-install", "tsx", "examples/convex-app/serve/main"], {
    cwd: ROOT,
    env: { ...process.env, PORT: "0", ...env },
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  const exited = once(app, "exit");
  let url = "";
  const lines: string[] = [];
  for await (const line of createInterface(app.stdout)) {
    url ||= /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0] ?? "";
    if (line.startsWith("  ")) lines.push(line.trim());
    if (!line.startsWith("Ctrl-C")) continue;
    app.stdout.resume();
    const stop = async () => {
      process.kill(-(app.pid as number), "SIGTERM");
      await exited;
    };
    return { url, lines, stop };
  }
  throw new Error(`the example ended with ${await exited}`);
}
