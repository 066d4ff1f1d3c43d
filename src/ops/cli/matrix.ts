import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { surfaceMarkdown, surfaceMatrix } from "../../boundary/surface/matrix.js";
import { writeWhole } from "../artefact/write.js";
import { pathIn } from "../config/load.js";
import { EXIT } from "../failure.js";
import type { Io } from "../io.js";
import { surfaceOf } from "../snapshot/surface.js";
import { command, type Ended } from "./shared.js";

export function matrixCommand(io: Io, ended: Ended): Command {
  return command<{ file?: string; check?: true }>(
    "matrix",
    "print every way into the service with its protections",
    io,
    ended,
    async (workspace, { file, check, json }) => {
      const rows = surfaceMatrix(await surfaceOf(workspace));
      if (json === true) io.out(JSON.stringify(rows, null, 2));
      if (file === undefined) {
        if (json !== true) io.out(surfaceMarkdown(rows));
        return EXIT.ok;
      }
      const path = pathIn(workspace, file);
      const text = `# Surface matrix of ${workspace.config.service}\n\nEvery way in, with its protections: written by \`keelson matrix --file ${file}\`.\n\n${surfaceMarkdown(rows)}`;
      if (check !== true) {
        await writeWhole(path, text);
        io.err(`written to ${path}`);
        return EXIT.ok;
      }
      const current = existsSync(path) && (await readFile(path, "utf8")) === text;
      io.err(current ? `${file} is up to date` : `${file} is out of date: keelson matrix --file ${file}`);
      return current ? EXIT.ok : EXIT.failed;
    },
  )
    .option("-f, --file <file>", "write it there")
    .option("--check", "only say whether the file is up to date; exit code 1 when it isn't");
}
