import { expect } from "vitest";
import type { TestFramework } from "../contract-tests.js";

/** The titles of the tests that fail, of those that a suite defines. */
export async function failuresOf(define: (framework: TestFramework) => void): Promise<string[]> {
  const path: string[] = [];
  const tests: [title: string, run: () => Promise<void>][] = [];
  define({
    describe: (name, inner) => {
      path.push(name);
      inner();
      path.pop();
    },
    it: (title, run) => tests.push([`${path.at(-1)}: ${title}`, run]),
    expect,
  });
  const failed: string[] = [];
  for (const [title, run] of tests) {
    try {
      await run();
    } catch {
      failed.push(title);
    }
  }
  return failed;
}
