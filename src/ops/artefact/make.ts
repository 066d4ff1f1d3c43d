import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { promisify } from "node:util";
import type { Workspace } from "../config/load.js";
import type { Check, Verdict } from "../verdict.js";
import { type Artefact, type ArtefactKind, SCHEMA_VERSION } from "./envelope.js";
import { tool } from "./tool.js";

/** What a command puts into its artefact. */
export interface Findings<D> {
  readonly verdict: Verdict;
  readonly checks: readonly Check[];
  readonly data: D;
}

const run = promisify(execFile);

/**
 * Puts the envelope around what was found, without secrets.
 *
 * @param began when the run did
 */
export async function makeArtefact<K extends ArtefactKind, D>(
  workspace: Workspace,
  kind: K,
  began: Date,
  { verdict, checks, data }: Findings<D>,
): Promise<Artefact<K, D>> {
  const { config, sha256, redactor, folder } = workspace;
  const targets = { default: config.target, ...config.targets };
  return redactor.data({
    schemaVersion: SCHEMA_VERSION,
    kind,
    id: randomUUID(),
    tool: tool(),
    createdAt: began.toISOString(),
    git: await gitOf(folder),
    target: Object.fromEntries(Object.entries(targets).map(([name, { url }]) => [name, url])),
    configSha256: sha256,
    verdict,
    checks: [...checks],
    data,
  });
}

/** The commit that a folder is at; `null` where there is no repository, or no git. */
async function gitOf(folder: string): Promise<Artefact["git"]> {
  const git = async (...args: string[]) => (await run("git", args, { cwd: folder })).stdout.trim();
  try {
    const [commit, branch, changes] = await Promise.all([
      git("rev-parse", "HEAD"),
      git("rev-parse", "--abbrev-ref", "HEAD"),
      git("status", "--porcelain", "--untracked-files=no"),
    ]);
    return { commit, branch: branch === "HEAD" ? null : branch, dirty: changes !== "" };
  } catch {
    return null;
  }
}
