import type { Command } from "commander";
import { loadArms } from "../canary/load.js";
import { runCanary } from "../canary/run-canary.js";
import type { Io } from "../io.js";
import { runProbes } from "../probe/probes.js";
import { publish } from "../report/publish.js";
import { command, type Ended, list } from "./shared.js";

interface Options {
  readonly control?: string;
  readonly candidate: string;
  readonly scenarios?: string[];
}

export function canaryCommand(io: Io, ended: Ended): Command {
  return command<Options>(
    "canary",
    "compare a candidate with what runs now",
    io,
    ended,
    async (workspace, options, outputs) => {
      const { control, candidate, scenarios } = options;
      const artefact = await runCanary(
        workspace,
        {
          candidate,
          ...(control !== undefined && { control }),
          ...(scenarios !== undefined && { scenarios }),
          onBlock: (block, of, arm) => io.status(`canary: block ${block + 1} of ${of}, ${arm}`),
        },
        { probes: (arm) => runProbes(arm), load: loadArms },
      );
      io.status("");
      return publish(workspace, artefact, outputs);
    },
  )
    .requiredOption("--candidate <url>", "what is to be released")
    .option("--control <url>", "what runs as it did (default: the target)")
    .option("--scenarios <names>", "scenarios, separated by commas; * stands for any part", list);
}
