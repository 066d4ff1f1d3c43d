import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from "vitest";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const SHOTS = `${ROOT}.output/pages`;

/** The app as `npm run example:convex` serves it, in a process of its own. */
async function start(env: Record<string, string> = {}): Promise<{ url: string; stop(): Promise<void> }> {
  const app = spawn("npx", ["--no-install", "tsx", "examples/convex-app/serve/main"], {
    cwd: ROOT,
    env: { ...process.env, PORT: "0", ...env },
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  const exited = once(app, "exit");
  for await (const line of createInterface(app.stdout)) {
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? [];
    if (url === undefined) continue;
    app.stdout.resume();
    return {
      url,
      stop: async () => {
        process.kill(-(app.pid as number), "SIGTERM");
        await exited;
      },
    };
  }
  throw new Error(`the example ended with ${await exited}`);
}

describe("the page", () => {
  let browser: Browser;
  let app: Awaited<ReturnType<typeof start>>;

  beforeAll(async () => {
    const found = inject("chromium");
    if (found.kind !== "command") throw new Error("Chromium is a command");
    mkdirSync(SHOTS, { recursive: true });
    [browser, app] = await Promise.all([
      chromium.launch({
        executablePath: found.path,
        args: [
          "--no-sandbox",
          "--disable-gpu",
          "--disable-dev-shm-usage",
          "--disable-background-networking",
          "--disable-component-update",
          "--no-first-run",
        ],
      }),
      start({ RATE_LIMIT_CHAT_MAX: "3", RATE_LIMIT_WA_LINK_CODE_MAX: "2" }),
    ]);
  });
  afterAll(async () => {
    await browser?.close();
    await app?.stop();
  });

  /** A page that somebody has signed in on; anything that goes wrong in it fails the test. */
  async function signedIn(user: string): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 1100, height: 800 } });
    const wrong: string[] = [];
    page.on("pageerror", (error) => wrong.push(error.message));
    onTestFinished(async () => {
      await page.close();
      if (wrong.length > 0) throw new Error(wrong.join("; "));
    });
    await page.goto(app.url);
    await page.getByLabel("Your name").fill(user);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText(`Signed in as ${user}`).waitFor();
    return page;
  }

  async function ask(page: Page, text: string): Promise<void> {
    await page.getByPlaceholder("What are you looking for?").fill(text);
    await page.getByRole("button", { name: "Ask" }).click();
  }

  it("streams an answer with its sources, and keeps a favorite", async () => {
    const page = await signedIn("ada");
    await ask(page, "a keel");
    await page.getByRole("link", { name: "a keel: buyer's guide" }).waitFor();
    await page.getByRole("button", { name: "save" }).first().click();
    const favorite = page.locator("#favorites a");
    await favorite.waitFor();
    expect(await favorite.textContent()).toBe("a keel: buyer's guide");
    await page.screenshot({ path: `${SHOTS}/convex-chat.png` });
    await page.getByRole("button", { name: "remove" }).click();
    await page.getByText("None yet.").waitFor();
    expect(await page.locator("#messages li.user").allTextContents()).toEqual(["a keel"]);
  });

  it("shows when a limit acts, and how long that lasts", async () => {
    const page = await signedIn("bob");
    for (let n = 1; n <= 3; n++) {
      await ask(page, "a mast");
      await page
        .locator("#messages li.assistant .sources")
        .nth(n - 1)
        .waitFor();
    }
    await ask(page, "one too many");
    const notice = page.locator("#notice.problem");
    await notice.waitFor();
    expect(await notice.textContent()).toMatch(/\(rate_limit\)\. Try again in \d+ s\.$/);
    await page.screenshot({ path: `${SHOTS}/convex-limit.png` });
  });

  it("gives out link codes for WhatsApp, until there were enough", async () => {
    const page = await signedIn("cleo");
    await page.getByText("No phone is linked.").waitFor();
    const code = page.locator("#code");
    for (const text of [/^Send \d{8} to/, /^Send \d{8} to/, /\(rate_limit\)/]) {
      const before = await code.textContent();
      await page.getByRole("button", { name: "Get a link code" }).click();
      await page.waitForFunction((old) => document.getElementById("code")?.textContent !== old, before);
      expect(await code.textContent()).toMatch(text);
    }
  });

  it("connects a mailbox by consent, and finds the parcel in it", async () => {
    const page = await signedIn("eva");
    const consented = page.context().waitForEvent("page");
    await page.getByRole("button", { name: "Connect Gmail" }).click();
    const other = await consented;
    await other.getByText("Your mailbox is connected.").waitFor();
    await other.close();
    await page.getByRole("button", { name: "Look for parcels" }).click();
    await page.getByText("2 messages read, 1 parcels found.").waitFor();
    expect(await page.locator("#parcels li").allTextContents()).toEqual(["UPS 1Z999AA10123456784: shipped"]);
  });

  it("says that there is no mailbox to look through", async () => {
    const page = await signedIn("dora");
    await page.getByRole("button", { name: "Look for parcels" }).click();
    await page.getByText("There is no mailbox connected (not_found).").waitFor();
    expect(await page.locator("#parcels").textContent()).toBe("None found yet.");
  });
});
