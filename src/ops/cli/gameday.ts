import { type Command, Option } from "commander";
import { type GameDayOptions, runGameDay } from "../gameday/game-day.js";
import type { Io } from "../io.js";
import { publish } from "../report/publish.js";
import { command, type Ended, list } from "./shared.js";

interface Options {
  readonly only?: string[];
  readonly rollbacks?: NonNullable<GameDayOptions["rollbacks"]>;
  readonly dryRun?: true;
  readonly process: boolean;
}

export function gamedayCommand(io: Io, ended: Ended): Command {
  return command<Options>(
    "gameday",
    "break things on purpose, and see whether the service holds",
    io,
    ended,
    async (workspace, options, outputs) => {
      const { only, rollbacks, dryRun, process: allowProcess } = options;
      const artefact = await runGameDay(workspace, {
        allowProcess,
        ...(only !== undefined && { experiments: only }),
        ...(rollbacks !== undefined && { rollbacks }),
        ...(dryRun !== undefined && { dryRun }),
        onStep: (step) => io.status(`${step.experiment}: ${step.name}`),
      });
      io.status("");
      return publish(workspace, artefact, outputs);
    },
  )
    .option("--only <names>", "experiments, separated by commas; * stands for any part", list)
    .addOption(new Option("--rollbacks <when>", "take faults back").choices(["always", "never", "deviated"]))
    .option("--dry-run", "read and check everything, and do nothing")
    .option("--no-process", "refuse experiments and runbooks that run programs");
}
