import { isAbsolute, relative, resolve } from "node:path";
import { type Html, html } from "./html.js";

/** Where the page is, and where paths of the configuration start. */
export interface Places {
  /** Of the page and its artefacts. */
  readonly output: string;
  /** Of the configuration. */
  readonly root: string;
}

/**
 * A runbook's address as the page can link to it: one on the web as it is, a path from where the page is. Whatever else has
 * a scheme (`javascript:`, say) is `null`: a name in a file mustn't become a program.
 */
export function hrefOf(runbook: string, { output, root }: Places): string | null {
  if (/^https?:\/\//i.test(runbook)) return URL.canParse(runbook) ? new URL(runbook).href : null;
  if (/^[a-z][a-z\d+.-]*:/i.test(runbook) || runbook.startsWith("//")) return null;
  const [path = "", anchor] = runbook.split("#", 2);
  const full = isAbsolute(path) ? path : resolve(root, path);
  const steps = relative(output, full).split(/[\\/]/).map(encodeURIComponent).join("/");
  return anchor === undefined ? steps : `${steps}#${encodeURIComponent(anchor)}`;
}

/** A link to a runbook, or its name where it can't be one. */
export function runbookLink(runbook: string | null, places: Places, label?: string): Html {
  if (runbook === null) return html`<span class="muted">no runbook</span>`;
  const href = hrefOf(runbook, places);
  const text = label ?? shortName(runbook);
  return href === null ? html`<span>${text}</span>` : html`<a href="${href}" title="${runbook}">${text}</a>`;
}

/** A link to an artefact beside the page. */
export function fileLink(file: string, text = file): Html {
  return html`<a href="${encodeURIComponent(file)}">${text}</a>`;
}

function shortName(runbook: string): string {
  const last = runbook.split("#")[0]?.split("/").at(-1) ?? "";
  return last.replace(/\.md$/, "") || runbook;
}
