import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { readArtefactOf } from "../artefact/read.js";
import type { Workspace } from "../config/load.js";
import { UsageError } from "../failure.js";
import { OPS_SCHEMAS } from "../schemas.js";
import { buildDashboard } from "./build.js";
import { dashboardSchema } from "./data.js";
import { dashboardMarkdown } from "./markdown.js";
import { listed, sampleArtefact, sampleCheck, sampleExperiment, sampleScenario } from "./parts.fixture.js";
import { SAMPLE_NOW } from "./policies.fixture.js";
import { sampleWorkspace, workspaceIn } from "./workspace.fixture.js";
import { writeDashboard } from "./write.js";

const EVIL = `"><script>alert('x')</script><img src=x onerror=y>`;

function put(workspace: Workspace, name: string, value: unknown): void {
  const output = join(workspace.folder, workspace.config.output);
  mkdirSync(output, { recursive: true });
  writeFileSync(join(output, name), typeof value === "string" ? value : JSON.stringify(value));
}

describe("a dashboard of a folder", () => {
  it("gathers runs, snapshots and objectives, and comes to the worst of these", async () => {
    const dashboard = await buildDashboard(await sampleWorkspace());
    expect(dashboard.verdict).toBe("fail");
    expect(dashboard.checks.map(({ id, verdict, owner }) => [id, verdict, owner])).toEqual([
      ["slo:chat-availability", "fail", "chat-team"],
      ["slo:webhooks", "fail", "integrations-team"],
      ["slo:search", "pass", "search-team"],
    ]);
    expect(dashboard.data.artefacts).toHaveLength(65);
    expect(dashboard.data.owners.find(({ owner }) => owner === "chat-team")?.contact).toBe("#chat-oncall");
    expect(dashboardSchema.parse(dashboard.data)).toEqual(dashboard.data);
  });

  it("lists what can't be read, and goes on", async () => {
    const workspace = await sampleWorkspace();
    put(
      workspace,
      "load-drill-odd-20260613T120000Z.json",
      sampleArtefact("load-drill", SAMPLE_NOW, "pass", [], { scenarios: 7 }),
    );
    put(workspace, "snapshot-odd.json", { version: 2 });
    put(workspace, "notes.json", "not ours");
    const { unreadable, artefacts } = (await buildDashboard(workspace)).data;
    expect(Object.fromEntries(unreadable.map(({ file, why }) => [file, why]))).toEqual({
      "load-drill-odd-20260613T120000Z.json": "data.scenarios: got 7; expected array",
      "load-drill-standard-20260601T120000Z.json": "schemaVersion 2.0; this version of the tool reads 1.x",
      "snapshot-odd.json": expect.stringContaining("version: got 2; expected 1"),
      "synthetic-probes-20260602T120000Z.json": expect.stringMatching(/^no JSON: /),
    });
    // What its envelope says is shown, though its data can't be.
    expect(artefacts.map(({ file }) => file)).toContain("load-drill-odd-20260613T120000Z.json");
  });

  it("leaves out what is older than asked for", async () => {
    const workspace = await sampleWorkspace();
    const { data } = await buildDashboard(workspace, { since: "1d" });
    expect(data.artefacts.map(({ kind }) => kind).sort()).toEqual([
      "game-day",
      "load-drill",
      "release-gate",
      "synthetic-probes",
    ]);
    expect(data.older).toBe(63);
  });

  it("of an empty one says what to run", async () => {
    const dashboard = await buildDashboard(await workspaceIn("none"));
    expect(dashboard).toMatchObject({ verdict: "inconclusive", checks: [] });
    const markdown = dashboardMarkdown(dashboard);
    for (const command of ["probe", "drill", "gate", "canary", "gameday", "init"])
      expect(markdown).toContain(`npx keelson ${command}`);
  });

  it("says of an objective that nothing measures that it isn't proven", async () => {
    const { verdict, checks } = await buildDashboard(await workspaceIn("policies"));
    expect(verdict).toBe("inconclusive");
    expect(checks[0]?.reason).toBe("nothing measures it: no live snapshot, no drill of its scenarios");
  });

  it("refuses a baseline that is wrong", async () => {
    const workspace = await workspaceIn("policies");
    writeFileSync(join(workspace.folder, workspace.config.policies.slo), '{"schemaVersion":"1.0","slos":[]}');
    await expect(buildDashboard(workspace)).rejects.toThrow(UsageError);
  });

  it("takes artefacts from another folder, and writes to its own", async () => {
    const [full, workspace] = await Promise.all([sampleWorkspace(), workspaceIn("policies")]);
    const from = join(full.folder, full.config.output);
    const files = await writeDashboard(workspace, await buildDashboard(workspace, { from }));
    expect(files.html).toContain(workspace.folder);
    expect(readFileSync(files.html, "utf8")).toContain("chat-availability and webhooks miss their objective.");
  });
});

describe("what is written", () => {
  it("is an artefact, a page and Markdown, and no draft of them", async () => {
    const workspace = await sampleWorkspace();
    const files = await writeDashboard(workspace, await buildDashboard(workspace));
    const read = await readArtefactOf(files.json, "slo-dashboard", dashboardSchema);
    expect(read.data.service).toBe("shop-assistant");
    expect(readFileSync(files.markdown, "utf8")).toContain(
      "| **chat-availability** 99.5 % | ❌ fail | 8.2 % in 3 d of 30 d |",
    );
    expect(
      readdirSync(join(workspace.folder, workspace.config.output)).filter((name) => name.endsWith(".tmp")),
    ).toEqual([]);
    // The second dashboard is in the place of the first, and not made of it.
    await writeDashboard(workspace, await buildDashboard(workspace));
    expect(existsSync(files.html)).toBe(true);
  });

  it("asks for nothing from elsewhere, runs nothing, and styles itself by digest alone", async () => {
    const workspace = await sampleWorkspace();
    const page = readFileSync((await writeDashboard(workspace, await buildDashboard(workspace))).html, "utf8");
    expect(page).not.toMatch(/<script|<link(?! rel="icon" href="data:)|\ssrc=|\sstyle=|\son\w+=|@import|url\(/i);
    expect(page.match(/<style>/g)).toHaveLength(1);
    expect(page).toMatch(/content="default-src &#39;none&#39;; style-src &#39;sha256-[\w+/=]+&#39;; img-src data:/);
  });

  it("has every name and text of artefacts escaped", async () => {
    const workspace = await workspaceIn("none", EVIL);
    const check = sampleCheck(EVIL, "fail", {
      title: EVIL,
      reason: EVIL,
      owner: EVIL,
      runbook: EVIL,
      observed: EVIL,
      threshold: EVIL,
      metric: EVIL,
    });
    const scenario = sampleScenario(() => 0.5, 10, 5, 0.1);
    put(
      workspace,
      "load-drill-x-20260613T120000Z.json",
      sampleArtefact("load-drill", SAMPLE_NOW, "fail", [check], {
        profile: EVIL,
        scenarios: listed({ [EVIL]: scenario }),
      }),
    );
    put(
      workspace,
      "game-day-20260613T120000Z.json",
      sampleArtefact("game-day", SAMPLE_NOW, "fail", [], {
        experiments: [
          sampleExperiment({
            title: EVIL,
            status: EVIL,
            deviated: false,
            owner: EVIL,
            runbook: `javascript:${EVIL}`,
            recoveredMs: null,
          }),
        ],
      }),
    );
    put(workspace, "release-gate-20260613T120000Z.json", `{"schemaVersion":"1.0","kind":${JSON.stringify(EVIL)}}`);
    const files = await writeDashboard(workspace, await buildDashboard(workspace));
    const page = readFileSync(files.html, "utf8");
    expect(page).toContain("&lt;script&gt;");
    expect(page).not.toMatch(/<script|<img|href="javascript:/i);
    const markdown = readFileSync(files.markdown, "utf8");
    expect(markdown.replace(/`[^`]*`/g, "")).not.toMatch(/<script|<img/i);
  });
});

it("the schemas that are shipped can be written as JSON Schema", () => {
  for (const name of ["slo-dashboard.schema.json", "comparison.schema.json"]) {
    const schema = OPS_SCHEMAS[name]?.schema;
    expect(schema === undefined ? null : z.toJSONSchema(schema, { target: "draft-2020-12", io: "input" }).type).toBe(
      "object",
    );
  }
});
