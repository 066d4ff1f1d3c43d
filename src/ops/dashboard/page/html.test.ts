import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Html, html } from "./html.js";

describe("markup", () => {
  it("escapes what is put in", () => {
    expect(html`<p title="${`"'`}">${"<script>&"}</p>`.text).toBe('<p title="&quot;&#39;">&lt;script&gt;&amp;</p>');
  });

  it("takes markup as it is, joins lists, and leaves out what is nothing", () => {
    expect(html`<ul>${["a", "<"].map((text) => html`<li>${text}</li>`)}${null}${undefined}${false}${0}</ul>`.text).toBe(
      "<ul><li>a</li><li>&lt;</li>0</ul>",
    );
    expect(html`${new Html("<b>")}`.text).toBe("<b>");
  });

  it("lets no text out of its place", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(html`<i title="${text}">${text}</i>`.text).toMatch(/^<i title="[^<>"']*">[^<>"']*<\/i>$/);
      }),
      { examples: [[`"><script>alert(1)</script>`], [`' onload='x`]] },
    );
  });
});
