import type { Command } from "commander";
import { EXIT } from "../failure.js";
import type { Io } from "../io.js";
import { code, markdownTable } from "../report/markdown-text.js";
import { fetchSnapshot } from "../snapshot/fetch.js";
import { command, type Ended } from "./shared.js";

export function knobsCommand(io: Io, ended: Ended): Command {
  return command("knobs", "print the values of the knobs in effect", io, ended, async (workspace, { json }) => {
    const { knobs } = workspace.redactor.data(await fetchSnapshot(workspace));
    if (json === true) io.out(JSON.stringify(knobs, null, 2));
    else {
      const rows = Object.entries(knobs).map(([name, value]) => [
        code(name),
        value === null ? "–" : code(String(value)),
      ]);
      io.out(markdownTable(["Knob", "Value in effect"], rows));
    }
    return EXIT.ok;
  });
}
