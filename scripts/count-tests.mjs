/**
 * Prints one line, `N passed, N failed, N skipped`, from what vitest wrote of its last run. A file that could not be
 * loaded has no tests to count, and counts as one that failed. Plain JavaScript, for it also runs when installing failed.
 */
import { existsSync, readFileSync } from "node:fs";

const file = new URL("../.output/tests.json", import.meta.url);
const results = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { testResults: [] };
const count = { passed: 0, failed: 0, skipped: 0 };
for (const { status, assertionResults } of results.testResults) {
  if (status === "failed" && !assertionResults.some((test) => test.status === "failed")) count.failed++;
  for (const test of assertionResults) {
    if (test.status === "passed" || test.status === "failed") count[test.status]++;
    else count.skipped++;
  }
}
console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
