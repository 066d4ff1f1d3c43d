import type { Command } from "commander";
import type { Io } from "../io.js";
import { runProbes } from "../probe/probes.js";
import { publish } from "../report/publish.js";
import { command, type Ended, list } from "./shared.js";

export function probeCommand(io: Io, ended: Ended): Command {
  return command<{ only?: string[] }>(
    "probe",
    "run synthetic checks of what users do",
    io,
    ended,
    async (workspace, { only }, outputs) => {
      const artefact = await runProbes(workspace, {
        ...(only !== undefined && { only }),
        onProbe: ({ id }) => io.status(`probed ${id}`),
      });
      io.status("");
      return publish(workspace, artefact, outputs);
    },
  ).option("--only <ids>", "probes by id, separated by commas; * stands for any part", list);
}
