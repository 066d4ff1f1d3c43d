import { describe, expect, it } from "vitest";
import type { Artefact } from "../artefact/envelope.js";
import type { Check } from "../verdict.js";
import { markdownReport } from "./markdown.js";

const check: Check = {
  id: "probe:chat",
  title: "Chat answers",
  verdict: "pass",
  owner: "shop",
  runbook: "docs/runbooks/chat.md",
  metric: "p95Ms",
  observed: 12.34567,
  threshold: 500,
  n: 20,
};

function report(...checks: readonly Check[]): string {
  const artefact = {
    kind: "synthetic-probes",
    verdict: "fail",
    createdAt: "2026-11-01T10:00:00.000Z",
    target: { service: "http://127.0.0.1:3000" },
    git: null,
    checks,
  };
  return markdownReport(artefact as unknown as Artefact);
}

describe("a run in Markdown", () => {
  it("shows first what somebody has to look at, and folds away what is well", () => {
    const failed: Check = { ...check, id: "probe:login", verdict: "fail", reason: "status 500", owner: null };
    const [head, details] = report(check, failed).split("<details>") as [string, string];
    expect(head).toContain("| ❌ fail | `probe:login` | status 500 | nobody | `docs/runbooks/chat.md` |");
    expect(details).toContain("| ✅ pass | `probe:chat` | p95Ms 12.35, limit 500, n = 20 |");
    expect(details).toContain("1 passed</summary>\n\n| Verdict |");
    expect(details).toContain("|\n\n</details>");
  });

  it("shows what a service answered, and does nothing that it says", () => {
    const reason = "got <img src=x> | @everyone [here](http://evil.example) `x`";
    const markdown = report({ ...check, verdict: "fail", reason });
    expect(markdown).toContain(
      "got &lt;img src=x&gt; \\| &#64;everyone \\[here\\]\\(http:&#47;&#47;evil.example\\) \\`x\\`",
    );
  });
});
