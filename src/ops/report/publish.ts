import { appendFile } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import type { Artefact } from "../artefact/envelope.js";
import { writeArtefact, writeWhole } from "../artefact/write.js";
import type { Workspace } from "../config/load.js";
import { exitCodeOf } from "../verdict.js";
import { annotations } from "./annotations.js";
import { junitReport } from "./junit.js";
import { markdownReport } from "./markdown.js";
import { terminalReport } from "./terminal.js";

/** Where a run's outcome goes, beside its artefact. */
export interface Outputs {
  /** Prints the artefact instead of the report. */
  readonly json?: boolean;
  /** A file for JUnit XML. */
  readonly junit?: string;
  /** A file for Markdown. */
  readonly markdown?: string;
  /** Prints nothing but failures. */
  readonly quiet?: boolean;
  /** Goes into the artefact's name. */
  readonly variant?: string;
  /** In the place of the usual Markdown. */
  readonly text?: string;
}

/** Writes an artefact and tells of it in every way that was asked for; answers the exit code that its verdict has. */
export async function publish(workspace: Workspace, artefact: Artefact, outputs: Outputs = {}): Promise<number> {
  const { io, owners, redactor } = workspace;
  const path = await writeArtefact(workspace, artefact, outputs.variant);
  await share(workspace, artefact, outputs);
  if (outputs.json === true) io.out(JSON.stringify(artefact, null, 2));
  else {
    const code = exitCodeOf(artefact.verdict);
    if (outputs.quiet !== true || code !== 0)
      for (const line of terminalReport(artefact, owners, io.colour)) io.out(redactor.text(line));
    // On standard output, for there GitHub looks for them; not with --json, whose output is one document.
    if (io.env.GITHUB_ACTIONS === "true") for (const line of annotations(artefact)) io.out(redactor.text(line));
    if (outputs.quiet !== true) io.out(`\nwritten to ${path}`);
  }
  return exitCodeOf(artefact.verdict);
}

/** Tells of an artefact in files: Markdown and JUnit where they were asked for, and the summary of a workflow. */
export async function share(workspace: Workspace, artefact: Artefact, outputs: Outputs): Promise<void> {
  const { io, redactor } = workspace;
  const markdown = redactor.text(outputs.text ?? markdownReport(artefact));
  const at = (file: string) => (isAbsolute(file) ? file : join(io.cwd, file));
  if (outputs.markdown !== undefined) await writeWhole(at(outputs.markdown), markdown);
  if (outputs.junit !== undefined) await writeWhole(at(outputs.junit), junitReport(artefact));
  if (io.env.GITHUB_STEP_SUMMARY) await appendFile(io.env.GITHUB_STEP_SUMMARY, `${markdown}\n`);
}

/** Writes an artefact that another one is founded on, and hands it on. */
export async function quietly<A extends Artefact>(workspace: Workspace, artefact: A, variant?: string): Promise<A> {
  await writeArtefact(workspace, artefact, variant);
  return artefact;
}
