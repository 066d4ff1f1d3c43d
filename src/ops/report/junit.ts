import type { Artefact } from "../artefact/envelope.js";
import type { Check } from "../verdict.js";
import { figures, TITLES } from "./headline.js";

/** The checks as JUnit XML, which every CI shows. */
export function junitReport({ kind, checks, createdAt }: Artefact): string {
  const count = (...verdicts: readonly Check["verdict"][]) =>
    checks.filter(({ verdict }) => verdicts.includes(verdict)).length;
  const totals = `tests="${checks.length}" failures="${count("fail")}" errors="${count("error", "inconclusive")}" skipped="${count("skipped")}"`;
  const cases = checks.map((check) => `    ${testcase(kind, check)}\n`).join("");
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="keelson" ${totals}>
  <testsuite name="${escaped(TITLES[kind])}" timestamp="${createdAt.slice(0, 19)}" ${totals}>
${cases}  </testsuite>
</testsuites>
`;
}

function testcase(kind: string, check: Check): string {
  const open = `<testcase classname="${escaped(kind)}" name="${escaped(check.id)}"`;
  const { verdict, reason = figures(check), owner, runbook } = check;
  const body = escaped(
    [reason, `owner: ${owner ?? "nobody"}`, runbook === null ? "" : `runbook: ${runbook}`].filter(Boolean).join("\n"),
  );
  switch (verdict) {
    case "fail":
      return `${open}><failure message="${escaped(reason)}">${body}</failure></testcase>`;
    case "error":
    case "inconclusive":
      // JUnit knows no "can't tell": of what it knows, an error is what must not be overlooked.
      return `${open}><error type="${verdict}" message="${escaped(reason)}">${body}</error></testcase>`;
    case "skipped":
      return `${open}><skipped message="${escaped(reason)}"/></testcase>`;
    case "warn":
      return `${open}><system-out>${body}</system-out></testcase>`;
    default:
      return `${open}/>`;
  }
}

/** XML 1.0 has no place for most control characters, not even escaped. */
function escaped(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replace(/[\n\r\t]/g, (space) => `&#${space.charCodeAt(0)};`);
}
