import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { artefactName } from "../artefact/envelope.js";
import { openWorkspace, type Workspace } from "../config/load.js";
import { SAMPLE_BASELINE, SAMPLE_NOW, SAMPLE_OWNERSHIP } from "./policies.fixture.js";
import { sampleArtefacts, sampleSnapshot } from "./sample.fixture.js";

/** A folder with a configuration in it, opened: with the sample's policies, or with none. It goes when the test ends. */
export async function workspaceIn(policies: "policies" | "none", service = "shop-assistant"): Promise<Workspace> {
  const folder = mkdtempSync(join(tmpdir(), "keelson-dashboard-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const write = (name: string, value: unknown) => writeFileSync(join(folder, name), JSON.stringify(value));
  write("keelson.config.json", { service, target: "https://shop.example" });
  if (policies === "policies") {
    mkdirSync(join(folder, "scripts/reliability"), { recursive: true });
    write("scripts/reliability/slo-baseline.json", SAMPLE_BASELINE);
    write("scripts/reliability/ownership-matrix.json", SAMPLE_OWNERSHIP);
  }
  return openWorkspace({
    cwd: folder,
    env: {},
    out: () => undefined,
    err: () => undefined,
    colour: false,
    live: false,
    status: () => undefined,
    now: () => SAMPLE_NOW,
    signal: new AbortController().signal,
  });
}

/** The sample's service: its policies, four weeks of artefacts, a snapshot, and two files that can't be read. */
export async function sampleWorkspace(): Promise<Workspace> {
  const workspace = await workspaceIn("policies");
  const output = join(workspace.folder, workspace.config.output);
  mkdirSync(output, { recursive: true });
  const write = (name: string, text: string) => writeFileSync(join(output, name), text);
  for (const artefact of sampleArtefacts()) {
    const { profile } = artefact.data as { profile?: string };
    write(artefactName(artefact.kind, artefact.createdAt, profile), JSON.stringify(artefact));
  }
  write("snapshot-20260614T092900Z.json", JSON.stringify(sampleSnapshot()));
  write("load-drill-standard-20260601T120000Z.json", '{"schemaVersion":"2.0","kind":"load-drill"}');
  write("synthetic-probes-20260602T120000Z.json", '{"schemaVersion":"1.0",');
  return workspace;
}
