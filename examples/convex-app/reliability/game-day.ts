/**
 * A game day of the app on this machine: `tsx reliability/game-day [names of experiments]`. It starts the app with all
 * that it calls, breaks each of these in turn, and ends with the exit code that says how it went.
 */
import { fileURLToPath } from "node:url";
import { main, processIo } from "keelson/ops";
import { openTheatre } from "./theatre.js";

const ctrlC = new AbortController();
process.once("SIGINT", () => ctrlC.abort());
process.once("SIGTERM", () => ctrlC.abort());

const theatre = await openTheatre();
try {
  const io = processIo(ctrlC.signal);
  const config = fileURLToPath(new URL("game-day.config.json", import.meta.url));
  const only = process.argv.slice(2);
  process.exitCode = await main(
    ["gameday", "--config", config, "--target", theatre.url, ...(only.length > 0 ? ["--only", only.join(",")] : [])],
    { ...io, env: { ...io.env, ...theatre.env } },
  );
} finally {
  await theatre.close();
}
