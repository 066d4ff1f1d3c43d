import type { Command } from "commander";
import { type DrillOptions, runDrill } from "../drill/drill.js";
import { progressLine } from "../drill/progress.js";
import type { Io } from "../io.js";
import { publish } from "../report/publish.js";
import { command, type Ended, list, part, whole } from "./shared.js";

interface Options {
  readonly profile: string;
  readonly scenarios?: string[];
  readonly targets?: string[];
  readonly workers?: number;
  readonly scale?: number;
}

export function drillCommand(io: Io, ended: Ended): Command {
  return command<Options>(
    "drill",
    "put the service under load, and judge it by its SLOs",
    io,
    ended,
    async (workspace, options, outputs) => {
      const { profile, scenarios, targets, workers, scale } = options;
      const artefact = await runDrill(workspace, {
        profile,
        ...(scenarios !== undefined && { scenarios }),
        ...(targets !== undefined && { targets }),
        ...(workers !== undefined && { workers }),
        ...(scale !== undefined && { scale }),
        onProgress: progress(io),
      });
      io.status("");
      return publish(workspace, artefact, { ...outputs, variant: profile });
    },
  )
    .option("-p, --profile <name>", "quick, standard, burst, soak, or one of the configuration's", "quick")
    .option("--scenarios <names>", "scenarios, separated by commas; * stands for any part", list)
    .option("--targets <names>", "targets that scenarios go to, each in its turn", list)
    .option("--workers <number>", "threads that make the load (default: 1)", whole)
    .option("--scale <number>", "stages are so many times as long, above 0 and at most 1", part);
}

/** Shows how a drill goes, on a terminal. */
export function progress(io: Io): NonNullable<DrillOptions["onProgress"]> {
  return (now) => {
    if (io.live) io.status(progressLine(now, process.stderr.columns ?? 100));
  };
}
