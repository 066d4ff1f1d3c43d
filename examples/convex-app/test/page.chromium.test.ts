import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { SHOTS, startBrowser } from "../../../test/setup/browser.js";
import { type ServedApp, startServed } from "./served.js";

describe("the page", () => {
  let browser: Browser;
  let app: ServedApp;

  beforeAll(async () => {
    [browser, app] = await Promise.all([
      startBrowser(),
      startServed({ RATE_LIMIT_CHAT_MAX: "3", RATE_LIMIT_WA_LINK_CODE_MAX: "2" }),
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

  it("links a phone by its code, answers what comes from it, and forgets it", async () => {
    const page = await signedIn("finn");
    await page.getByRole("button", { name: "Get a link code" }).click();
    await page.getByText(/^Send \d{8} to/).waitFor();
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await page.getByText("This phone is linked. What are you looking for?").waitFor();
    await page.getByText("Linked: …0100").waitFor();
    await page.getByLabel("From a demo phone").fill("a keel");
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await page.getByText('For "a keel" I would start with').waitFor();
    await page.screenshot({ path: `${SHOTS}/convex-phone.png` });
    await page.getByRole("button", { name: "Unlink" }).click();
    await page.getByText("No phone is linked.").waitFor();
    expect(await page.getByRole("button", { name: "Get a link code" }).isVisible()).toBe(true);
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

  it("shows operators, and nobody else, how the app's objectives stand", async () => {
    const shopper = await signedIn("gina");
    await ask(shopper, "a keel");
    await shopper.getByRole("link", { name: "a keel: buyer's guide" }).first().waitFor();
    expect(await shopper.getByRole("region", { name: "Objectives" }).isVisible()).toBe(false);
    const page = await signedIn("olga");
    const objectives = page.getByRole("region", { name: "Objectives" });
    await objectives.getByText("endpoint:chat: 98 % promised, 100 % of its budget left").waitFor();
    await page.getByRole("button", { name: "Look again" }).click();
    expect(await objectives.getByRole("listitem").count()).toBe(10);
    expect(await objectives.locator(".problem").count()).toBe(0);
    await page.screenshot({ path: `${SHOTS}/convex-objectives.png`, fullPage: true });
  });

  it("says that there is no mailbox to look through", async () => {
    const page = await signedIn("dora");
    await page.getByRole("button", { name: "Look for parcels" }).click();
    await page.getByText("There is no mailbox connected (not_found).").waitFor();
    expect(await page.locator("#parcels").textContent()).toBe("None found yet.");
  });
});
