import type { Command } from "commander";
import { runDrill } from "../drill/drill.js";
import { runGate } from "../gate/gate.js";
import type { Io } from "../io.js";
import { runProbes } from "../probe/probes.js";
import { publish, quietly } from "../report/publish.js";
import { progress } from "./drill.js";
import { command, type Ended } from "./shared.js";

export function gateCommand(io: Io, ended: Ended): Command {
  return command<{ profile?: string }>(
    "gate",
    "decide whether a release may go out: probes, drill, snapshots, burn rates",
    io,
    ended,
    async (workspace, { profile }, outputs) => {
      const artefact = await runGate(workspace, {
        probes: async () => quietly(workspace, await runProbes(workspace)),
        drill: async (policy) => {
          const { scenarios, scale } = policy;
          const asked = profile ?? policy.profile;
          const drill = await runDrill(workspace, {
            profile: asked,
            scale,
            ...(scenarios !== undefined && { scenarios }),
            onProgress: progress(io),
          });
          return quietly(workspace, drill, asked);
        },
        onPart: (part) => io.status(`gate: ${part}`),
      });
      io.status("");
      return publish(workspace, artefact, outputs);
    },
  ).option("-p, --profile <name>", "load profile in the place of the policy's");
}
