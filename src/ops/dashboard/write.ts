import { join } from "node:path";
import type { Artefact } from "../artefact/envelope.js";
import { writeWhole } from "../artefact/write.js";
import { pathIn, type Workspace } from "../config/load.js";
import type { DashboardData } from "./data.js";
import { dashboardMarkdown } from "./markdown.js";
import { dashboardPage } from "./page/page.js";

/** Where a dashboard was written. */
export interface DashboardFiles {
  readonly markdown: string;
  readonly json: string;
  readonly html: string;
}

/**
 * Writes a dashboard as `slo-dashboard.md`, `.json` and `.html` into the output folder, in the place of the last one. Whoever
 * reads one of them meanwhile sees the old or the new one, whole.
 */
export async function writeDashboard(
  workspace: Workspace,
  artefact: Artefact<"slo-dashboard", DashboardData>,
): Promise<DashboardFiles> {
  const output = pathIn(workspace, workspace.config.output);
  const path = (extension: string) => join(output, `slo-dashboard.${extension}`);
  const files: DashboardFiles = { markdown: path("md"), json: path("json"), html: path("html") };
  await writeWhole(files.json, `${JSON.stringify(artefact, null, 2)}\n`);
  await writeWhole(files.markdown, dashboardMarkdown(artefact));
  await writeWhole(files.html, dashboardPage(artefact, { output, root: workspace.folder }));
  return files;
}
