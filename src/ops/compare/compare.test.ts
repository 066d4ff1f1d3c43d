import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { seeded } from "../../core/seeded.js";
import type { Artefact } from "../artefact/envelope.js";
import { listed, sampleArtefact, sampleCheck, sampleScenario } from "../dashboard/parts.fixture.js";
import { SAMPLE_NOW } from "../dashboard/policies.fixture.js";
import { workspaceIn } from "../dashboard/workspace.fixture.js";
import { UsageError } from "../failure.js";
import { compareArtefacts } from "./compare.js";
import { comparisonSchema } from "./data.js";
import { comparisonMarkdown } from "./markdown.js";

type Scenarios = Record<string, ReturnType<typeof sampleScenario>>;

const chat = (medianMs: number, bad = 0, n = 2_000) => sampleScenario(seeded(5), n, medianMs, 0.5, { "5xx": bad });
const drill = (scenarios: Scenarios, profile = "quick", verdict: Artefact["verdict"] = "pass") =>
  sampleArtefact("load-drill", SAMPLE_NOW, verdict, [], { profile, scenarios: listed(scenarios) });
const probes = (...checks: Parameters<typeof sampleCheck>[]) =>
  sampleArtefact(
    "synthetic-probes",
    SAMPLE_NOW,
    "pass",
    checks.map((check) => sampleCheck(...check)),
    {},
  );

async function compared(before: unknown, after: unknown) {
  const workspace = await workspaceIn("policies");
  writeFileSync(join(workspace.folder, "before.json"), JSON.stringify(before));
  writeFileSync(join(workspace.folder, "after.json"), JSON.stringify(after));
  return compareArtefacts(workspace, "before.json", "after.json");
}

describe("two drills", () => {
  it.each([
    ["same", 100, 108, "pass"],
    ["worse", 100, 112, "fail"],
    ["better", 112, 100, "pass"],
    // 20 % and yet less than 5 ms.
    ["same", 5, 6, "pass"],
  ] as const)("are %s when the median goes from %d to %d ms", async (change, before, after, verdict) => {
    const comparison = await compared(drill({ chat: chat(before) }), drill({ chat: chat(after) }));
    expect(comparison.data.scenarios[0]).toMatchObject({ scenario: "chat", change });
    expect(comparison.data.scenarios[0]?.p95.ratio).toBeCloseTo(after / before, 2);
    expect(comparison.verdict).toBe(verdict);
    expect(comparisonSchema.parse(comparison.data)).toEqual(comparison.data);
  });

  it("are worse when half a percentage point more goes wrong", async () => {
    const comparison = await compared(drill({ chat: chat(100, 2) }), drill({ chat: chat(100, 13) }));
    expect(comparison.data.scenarios[0]).toMatchObject({ change: "worse", reasons: ["bad 0.1 % → 0.65 %"] });
    expect(comparison.data.scenarios[0]?.rates["5xx"]?.delta).toBeCloseTo(0.0055, 6);
    expect(comparison.checks[0]).toMatchObject({ id: "compare:chat", verdict: "fail", owner: "platform-team" });
  });

  it("are worse where one thing is and another is better", async () => {
    const { data } = await compared(drill({ chat: chat(200, 0) }), drill({ chat: chat(100, 40) }));
    expect(data.scenarios[0]?.change).toBe("worse");
  });

  it.each([
    ["of the profiles quick and soak", drill({ chat: chat(100) }, "soak")],
    ["the drill after was inconclusive", drill({ chat: chat(100) }, "quick", "inconclusive")],
    ["150 valid requests; 200 are needed", drill({ chat: chat(100, 0, 150) })],
    ["it is gone", drill({})],
  ])("can't be compared: %s", async (reason, after) => {
    const comparison = await compared(drill({ chat: chat(100) }), after);
    expect(comparison.data.scenarios[0]).toMatchObject({ change: "incomparable", reasons: [reason] });
    expect(comparison.verdict).toBe("inconclusive");
  });

  it("make a table for a pull request, in which no name does anything", async () => {
    const name = "a|b <script>";
    const before = drill({ chat: chat(100), [name]: chat(10) });
    const markdown = comparisonMarkdown(await compared(before, drill({ chat: chat(130), [name]: chat(10) })));
    expect(markdown).toContain("**worse: chat.**");
    expect(markdown).toMatch(/\| chat \| ❌ worse \| \d+ ms → \d+ ms \(\+30 %\)/);
    expect(markdown).toContain("| a\\|b &lt;script&gt; | ✅ same |");
  });
});

describe("two runs of another kind", () => {
  it("are compared by the checks that moved", async () => {
    const comparison = await compared(
      probes(["a", "pass"], ["b", "fail"], ["c", "pass"], ["d", "pass"], ["e", "pass"]),
      probes(["a", "fail", { reason: "got 500" }], ["b", "pass"], ["c", "pass"], ["d", "skipped"], ["new", "pass"]),
    );
    expect(comparison.data.checks.map(({ id, change }) => [id, change])).toEqual([
      ["a", "worse"],
      ["b", "better"],
      ["new", "new"],
      ["d", "changed"],
      ["e", "gone"],
    ]);
    expect(comparison.data.unchanged).toBe(1);
    expect(comparison.verdict).toBe("fail");
    expect(comparison.checks.at(-1)?.reason).toBe("a went from pass to fail; e is gone");
    expect(comparisonMarkdown(comparison)).toContain("| a<br>got 500 | ✅ pass | ❌ fail | chat-team |");
  });

  it("pass when nothing moved", async () => {
    const comparison = await compared(probes(["a", "fail"]), probes(["a", "fail"]));
    expect(comparison).toMatchObject({ verdict: "pass", data: { checks: [], unchanged: 1 } });
    expect(comparisonMarkdown(comparison)).toContain("**No check came to worse.**");
  });
});

describe("what can't be compared", () => {
  it("is of different kinds, or of a kind that there is nothing to compare of", async () => {
    await expect(compared(probes(), drill({}))).rejects.toThrow(
      "before.json is a synthetic-probes, after.json a load-drill",
    );
    const dashboard = sampleArtefact("slo-dashboard", SAMPLE_NOW, "pass", [], {});
    await expect(compared(dashboard, dashboard)).rejects.toThrow("a slo-dashboard can't be compared");
  });

  it("is missing, or no artefact", async () => {
    const workspace = await workspaceIn("none");
    await expect(compareArtefacts(workspace, "no.json", "no.json")).rejects.toThrow(UsageError);
    await expect(compared({ schemaVersion: "2.0" }, { schemaVersion: "2.0" })).rejects.toThrow("reads 1.x");
  });
});
