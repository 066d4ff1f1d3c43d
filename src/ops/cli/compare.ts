import type { Command } from "commander";
import { compareArtefacts } from "../compare/compare.js";
import { comparisonMarkdown } from "../compare/markdown.js";
import type { Io } from "../io.js";
import { publish } from "../report/publish.js";
import { command, type Ended } from "./shared.js";

interface Options {
  readonly before: string;
  readonly after: string;
}

export function compareCommand(io: Io, ended: Ended): Command {
  return command<Options>(
    "compare",
    "set two artefacts of the same kind side by side",
    io,
    ended,
    async (workspace, { before, after }, outputs) => {
      const artefact = await compareArtefacts(workspace, before, after);
      const text = comparisonMarkdown(artefact);
      if (outputs.json !== true && outputs.quiet !== true) io.out(text);
      return publish(workspace, artefact, { ...outputs, text });
    },
  )
    .requiredOption("--before <file>", "the earlier artefact")
    .requiredOption("--after <file>", "the later one");
}
