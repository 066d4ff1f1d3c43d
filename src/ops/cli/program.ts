import { Command, CommanderError } from "commander";
import { ConfigError } from "../../core/config.js";
import { tool } from "../artefact/tool.js";
import { EXIT, OpsError } from "../failure.js";
import type { Io } from "../io.js";
import { canaryCommand } from "./canary.js";
import { compareCommand } from "./compare.js";
import { dashboardCommand } from "./dashboard.js";
import { drillCommand } from "./drill.js";
import { gamedayCommand } from "./gameday.js";
import { gateCommand } from "./gate.js";
import { initCommand } from "./init.js";
import { knobsCommand } from "./knobs.js";
import { matrixCommand } from "./matrix.js";
import { operateCommand } from "./operate.js";
import { probeCommand } from "./probe.js";
import type { Ended } from "./shared.js";
import { snapshotCommand } from "./snapshot.js";

const COMMANDS = [
  probeCommand,
  drillCommand,
  gateCommand,
  canaryCommand,
  gamedayCommand,
  dashboardCommand,
  compareCommand,
  matrixCommand,
  knobsCommand,
  snapshotCommand,
  operateCommand,
  initCommand,
];

/**
 * Runs the command line, and answers the exit code: never throws what a user can mend.
 *
 * @param args after the program's name: `["gate", "--target", "http://127.0.0.1:8080"]`
 */
export async function main(args: readonly string[], io: Io): Promise<number> {
  const ended: Ended = { exitCode: EXIT.ok };
  const program = new Command("keelson")
    .description("Prove a service before each release.")
    .version(tool().version)
    .addHelpText(
      "after",
      "\nExit codes: 0 passed · 1 failed, blocked, rolled back · 2 usage or configuration · 3 held or inconclusive\n            4 the target or the tool is unavailable · 130, 143 interrupted, after clean-up",
    );
  for (const make of COMMANDS) program.addCommand(make(io, ended));
  for (const one of [program, ...program.commands])
    one
      .exitOverride()
      .showSuggestionAfterError()
      .configureOutput({ writeOut: (text) => io.out(text.trimEnd()), writeErr: (text) => io.err(text.trimEnd()) });
  try {
    await program.parseAsync([...args], { from: "user" });
    return ended.exitCode;
  } catch (error) {
    io.status("");
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof OpsError) {
      io.err(`keelson: ${error.message}`);
      return error.exitCode;
    }
    if (error instanceof ConfigError) {
      io.err(`keelson: ${error.message}`);
      return EXIT.usage;
    }
    io.err(`keelson: failed inside: ${(error as Error).stack ?? String(error)}`);
    return EXIT.unavailable;
  }
}
