import { describe, expect, it } from "vitest";
import { fileLink, hrefOf, runbookLink } from "./links.js";

const PLACES = { output: "/app/.output/reliability", root: "/app" };

describe("a runbook's address", () => {
  it("is one on the web as it is, and a path from where the page is", () => {
    expect(hrefOf("https://runbooks.example/a b", PLACES)).toBe("https://runbooks.example/a%20b");
    expect(hrefOf("docs/runbooks/chat latency.md#Step 1", PLACES)).toBe(
      "../../docs/runbooks/chat%20latency.md#Step%201",
    );
    expect(hrefOf("/app/docs/a.md", PLACES)).toBe("../../docs/a.md");
  });

  it("is none with a scheme that could do something", () => {
    for (const runbook of [
      "javascript:alert(1)",
      "JavaScript:alert(1)",
      "data:text/html,x",
      "//evil.example/x",
      "https://",
    ])
      expect(hrefOf(runbook, PLACES)).toBeNull();
  });

  it("is shown as text where it is none", () => {
    expect(runbookLink("javascript:alert(1)", PLACES).text).toBe("<span>javascript:alert(1)</span>");
    expect(runbookLink(null, PLACES).text).toContain("no runbook");
    expect(runbookLink("docs/chat.md", PLACES).text).toBe('<a href="../../docs/chat.md" title="docs/chat.md">chat</a>');
  });

  it("keeps a file's name inside of its folder", () => {
    expect(fileLink("../a?b#c.json").text).toContain('href="..%2Fa%3Fb%23c.json"');
  });
});
