import type { Command } from "commander";
import type { Duration } from "../../core/duration.js";
import { buildDashboard } from "../dashboard/build.js";
import { dashboardMarkdown } from "../dashboard/markdown.js";
import { writeDashboard } from "../dashboard/write.js";
import { EXIT } from "../failure.js";
import type { Io } from "../io.js";
import { share } from "../report/publish.js";
import { terminalReport } from "../report/terminal.js";
import { fetchSnapshot } from "../snapshot/fetch.js";
import { command, type Ended } from "./shared.js";

interface Options {
  readonly from?: string;
  readonly since?: string;
  readonly live?: true;
}

export function dashboardCommand(io: Io, ended: Ended): Command {
  return command<Options>(
    "dashboard",
    "make a page, Markdown and JSON from recent artefacts",
    io,
    ended,
    async (workspace, options, outputs) => {
      const { from, since, live } = options;
      const snapshots = live === true ? [await fetchSnapshot(workspace)] : [];
      const artefact = await buildDashboard(workspace, {
        snapshots,
        ...(from !== undefined && { from }),
        ...(since !== undefined && { since: since as Duration }),
      });
      const files = await writeDashboard(workspace, artefact);
      await share(workspace, artefact, { ...outputs, text: dashboardMarkdown(artefact) });
      if (outputs.json === true) io.out(JSON.stringify(artefact, null, 2));
      else if (outputs.quiet !== true) {
        for (const line of terminalReport(artefact, workspace.owners, io.colour)) io.out(line);
        io.out(`\nwritten to ${files.html}, ${files.markdown}, ${files.json}`);
      }
      // It tells how things are; whether that will do is for the gate to say.
      return EXIT.ok;
    },
  )
    .option("--from <folder>", "where the artefacts are (default: where they are written)")
    .option("--since <duration>", "how far back they are taken, like 7d (default: 30d)")
    .option("--live", "ask the service for a snapshot, too");
}
