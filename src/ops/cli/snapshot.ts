import { join } from "node:path";
import type { Command } from "commander";
import { stamp } from "../artefact/envelope.js";
import { writeWhole } from "../artefact/write.js";
import { pathIn } from "../config/load.js";
import { EXIT } from "../failure.js";
import type { Io } from "../io.js";
import { fetchSnapshot } from "../snapshot/fetch.js";
import { snapshotText } from "../snapshot/text.js";
import { command, type Ended } from "./shared.js";

export function snapshotCommand(io: Io, ended: Ended): Command {
  return command(
    "snapshot",
    "fetch what the service says of itself, and check it",
    io,
    ended,
    async (workspace, { json, quiet }) => {
      const snapshot = workspace.redactor.data(await fetchSnapshot(workspace));
      const path = join(pathIn(workspace, workspace.config.output), `snapshot-${stamp(io.now().toISOString())}.json`);
      const text = JSON.stringify(snapshot, null, 2);
      await writeWhole(path, `${text}\n`);
      if (json === true) io.out(text);
      else if (quiet !== true) {
        for (const line of snapshotText(snapshot)) io.out(line);
        io.out(`\nwritten to ${path}`);
      }
      return EXIT.ok;
    },
  );
}
