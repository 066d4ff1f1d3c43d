import { describe, expect, it } from "vitest";
import { code, mark, markdownTable, place, text } from "./markdown-text.js";

describe("text in Markdown", () => {
  it("does nothing: no markup, no link, no mention, no cell, no line of its own", () => {
    expect(text("<script>a|b\n# c")).toBe("&lt;script&gt;a\\|b \\# c");
    expect(text("[x](javascript:y) @team *b* `c`")).toBe("\\[x\\]\\(javascript:y\\) &#64;team \\*b\\* \\`c\\`");
    expect(text("see https://evil.example")).toBe("see https:&#47;&#47;evil.example");
  });

  it("links to what is on the web alone", () => {
    expect(place("https://runbooks.example/a#b")).toBe("<https://runbooks.example/a#b>");
    expect(place("docs/a|b.md")).toBe("`docs/a\\|b.md`");
    expect(place("javascript:x")).toBe("`javascript:x`");
    expect(place("https://a> <script>")).toBe("`https://a> <script>`");
    expect(place(null)).toBe("none");
  });

  it("keeps code in its quotes", () => {
    expect(code("a`b\nc")).toBe("`a'b c`");
    expect(code(" ")).toBe("none");
  });
});

it("tables have a line each, and figures to the right", () => {
  expect(markdownTable(["a", "b"], [["1", "2"]], "lr")).toBe("| a | b |\n| --- | ---: |\n| 1 | 2 |");
  expect(mark("rollback")).toContain("rollback");
});
