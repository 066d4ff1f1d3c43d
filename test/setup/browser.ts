import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Browser, chromium } from "playwright-core";
import { inject } from "vitest";

/** Where tests of pages leave pictures of them. */
export const SHOTS = fileURLToPath(new URL("../../.output/pages", import.meta.url));

/** The browser that tests of pages look with; to be closed by whoever asks for it. */
export function startBrowser(): Promise<Browser> {
  const found = inject("chromium");
  if (found.kind !== "command") throw new Error("Chromium is a command");
  mkdirSync(SHOTS, { recursive: true });
  return chromium.launch({
    executablePath: found.path,
    args: [
      // Tests may run as root, where Chromium has no sandbox.
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--disable-background-networking",
      "--disable-component-update",
      "--no-first-run",
    ],
  });
}
