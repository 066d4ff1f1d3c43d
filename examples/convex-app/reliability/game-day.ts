/**
 * A game day of the app on this machine: `tsx reliability/game-day [names of experiments]`. It starts the app with all
 * that it calls, breaks each of these in turn, and ends with the exit code that says how it went.
 */
import { fileURLToPath } from "node:url";
import { exitCodeOf, OpsError, openWorkspace, processIo, runGameDay, writeArtefact } from "keelson/ops";
import { openTheatre } from "./theatre.js";

const ctrlC = new AbortController();
process.once("SIGINT", () => ctrlC.abort());
process.once("SIGTERM", () => ctrlC.abort());

const theatre = await openTheatre();
try {
  const io = processIo(ctrlC.signal);
  const workspace = await openWorkspace(
    { ...io, env: { ...io.env, ...theatre.env } },
    { config: fileURLToPath(new URL("game-day.config.json", import.meta.url)), target: theatre.env.SERVICE_URL ?? "" },
  );
  const artefact = await runGameDay(workspace, {
    experiments: process.argv.slice(2),
    onStep: ({ kind, name, ok, reason }) => {
      if (kind === "experiment") console.log(`\n${name}`);
      else console.log(`  ${ok ? "✓" : "✗"} ${kind}: ${name}${reason === undefined ? "" : `: ${reason}`}`);
    },
  });
  console.log(`\n${artefact.verdict}, written to ${await writeArtefact(workspace, artefact)}`);
  process.exitCode = exitCodeOf(artefact.verdict);
} catch (error) {
  if (!(error instanceof OpsError)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
} finally {
  await theatre.close();
}
