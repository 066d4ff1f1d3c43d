import { createHash } from "node:crypto";
import type { Artefact } from "../../artefact/envelope.js";
import type { DashboardData } from "../data.js";
import { latency, outcomes } from "./charts-sections.js";
import { Html, html } from "./html.js";
import type { Places } from "./links.js";
import { artefacts, gameDays, openChecks, owners } from "./lists.js";
import { objectives } from "./objectives.js";
import { heading, verdicts } from "./overview.js";
import { STYLE } from "./style.js";
import type { Tone } from "./verdict.js";
import { headline } from "./words.js";

/** Nothing is loaded, nothing runs, nothing is sent; of styles there is the one in the page, by its digest. */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'`,
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

const ICON_COLOURS: Readonly<Record<Tone, string>> = {
  good: "1a7f4b",
  warn: "9a6700",
  bad: "c4291c",
  open: "57606a",
  none: "57606a",
};

/**
 * The dashboard as one page that needs nothing else: no script, no font, no image from elsewhere. Light and dark, for any
 * width, and for paper.
 */
export function dashboardPage(artefact: Artefact<"slo-dashboard", DashboardData>, places: Places): string {
  const { data, tool } = artefact;
  const icon = `data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Ccircle cx='8' cy='8' r='7' fill='%23${ICON_COLOURS[headline(data.slos).tone]}'/%3E%3C/svg%3E`;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${data.service}: reliability</title>
<link rel="icon" href="${icon}">
<style>${new Html(STYLE)}</style>
</head>
<body>
<a class="skip" href="#objectives">Skip to the objectives</a>
<div class="page">
${heading(artefact)}
<main>
${verdicts(data)}
${objectives(data, places)}
${openChecks(data, places)}
${latency(data)}
${outcomes(data)}
${gameDays(data, places)}
${owners(data)}
${artefacts(data)}
</main>
<footer class="muted">Made by ${tool.name} ${tool.version} from what recent runs left behind. Times are UTC.</footer>
</div>
</body>
</html>
`;
  return page.text;
}
