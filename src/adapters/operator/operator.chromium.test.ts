import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { SHOTS, startBrowser } from "../../../test/setup/browser.js";
import { PHONES, startShop, TOKEN } from "./shop.fixture.js";

describe("the operator page", () => {
  let browser: Browser;
  let shop: Awaited<ReturnType<typeof startShop>>;
  /** What pages have complained about. */
  let wrong: string[];
  let pages: Page[];

  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser?.close());

  beforeEach(async () => {
    shop = await startShop();
    wrong = [];
    pages = [];
    const customers = new AbortController();
    const shopping = keepShopping(customers.signal);
    return async () => {
      // First the pages: a service that goes away is worth a complaint.
      for (const page of pages) await page.close();
      customers.abort();
      await shopping;
      await shop.close();
      expect(wrong).toEqual([]);
    };
  });

  /** Customers who come for as long as the test runs, one round after the other. */
  async function keepShopping(until: AbortSignal): Promise<void> {
    while (!until.aborted) {
      await shop.customers(6);
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
  }

  /** A page that an operator has signed in on. Whatever it complains about fails the test, unless it is `expected`. */
  async function signedIn(size = { width: 1440, height: 1000 }, expected = /^$/): Promise<Page> {
    const page = await browser.newPage({ viewport: size });
    pages.push(page);
    page.on("pageerror", (error) => wrong.push(error.message));
    // Violations of the policy are errors of the console, too.
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type()) && !expected.test(message.text())) wrong.push(message.text());
    });
    await page.goto(`${shop.url}/ops`);
    await page.getByLabel("Token").fill(TOKEN);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("Live", { exact: true }).waitFor();
    return page;
  }

  /** Keeps in `said` all that the page says to those who can't see it: one thing may follow another at once. */
  const listen = (page: Page) =>
    page.evaluate(() => {
      const voice = document.querySelector("[role=status]") as Element;
      const said: string[] = [];
      Object.assign(globalThis, { said });
      const heard = () => said.push(voice.textContent ?? "");
      new MutationObserver(heard).observe(voice, { childList: true, characterData: true, subtree: true });
    });
  const search = (page: Page) => page.getByRole("article", { name: "search" });
  const overflow = (page: Page) =>
    page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

  it("asks for a token, shows nothing before, and says what is wrong with one", async () => {
    const page = await browser.newPage();
    pages.push(page);
    await page.goto(`${shop.url}/ops`);
    expect(new URL(page.url()).pathname).toBe("/ops/");
    await page.getByLabel("Token").fill("a guess");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("Credentials are missing or not valid").waitFor();
    expect(await page.locator("#app").textContent()).toBe("");
  });

  it("shows a breaker open while it does, and the lever that is pulled then", async () => {
    const page = await signedIn();
    await search(page).getByText("closed", { exact: true }).waitFor();
    await page.getByText("Healthy", { exact: true }).waitFor();
    shop.search.inject({ kind: "status", status: 503 });
    await search(page).getByText("open", { exact: true }).waitFor();
    await page.locator(".why").getByText("search cut off").waitFor();
    await page.locator("#alerts li").getByText("upstream:search").waitFor();
    await search(page).locator("rect.open").first().waitFor({ state: "attached" });
    await page.waitForFunction(() => document.querySelectorAll("#traffic canvas").length === 2);
    await page.screenshot({ path: `${SHOTS}/operator.png` });

    await page.getByRole("button", { name: "Levers of search", exact: true }).click();
    await page.getByLabel("Reason").fill("Search fails for everybody");
    await page.getByText("recorded as ada’s").waitFor();
    await page.screenshot({ path: `${SHOTS}/operator-lever.png` });
    await page.getByRole("button", { name: "Isolate upstream:search" }).click();
    const pulled = page.locator("#levers .levers li");
    await pulled.getByText("breaker.isolate upstream:search").waitFor();
    expect(await pulled.textContent()).toMatch(/Search fails for everybodyada, .* left, until/);
    await page.locator("#levers").getByText("Audit log").click();
    expect(await page.locator(".audit li").first().textContent()).toMatch(/ada pulled breaker.isolate upstream:search/);

    await page.emulateMedia({ colorScheme: "dark" });
    await page.screenshot({ path: `${SHOTS}/operator-dark.png` });
    const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(ground).toBe("rgb(15, 20, 26)");
    expect(await overflow(page)).toBe(0);
  });

  it("names those whom limiters deny most, and nobody can tell who they are", async () => {
    const page = await signedIn();
    const codes = page.locator("#limiters .denied dl > div").filter({ hasText: "codes" });
    const [first] = PHONES;
    await codes
      .locator("li")
      .first()
      .getByText(await shop.kit.keyHash(first))
      .waitFor();
    expect(await codes.locator("li").first().textContent()).toMatch(/^[0-9a-f]{12}[1-9]\d*×$/);
    expect(await page.content()).not.toContain("+1555");
  });

  it("shows breakers and bulkheads of their own with their levers", async () => {
    const page = await signedIn();
    const payments = page.locator("#guards tbody tr").filter({ hasText: "payments" });
    await payments.getByText("closed", { exact: true }).waitFor();
    for (let time = 0; time < 3; time++)
      await shop.paying.run(() => Promise.reject(new Error("declined"))).catch((error: Error) => error);
    await payments.getByText("open", { exact: true }).waitFor();
    await page.locator(".why").getByText("breaker:payments cut off").waitFor();
    await payments.locator("rect.open").first().waitFor({ state: "attached" });
    await page.locator("#guards").getByText("0/4").waitFor();
    await page.locator("#guards").getByText("2 slots a key").waitFor();
    await payments.getByRole("button", { name: "Levers of breaker:payments" }).click();
    await page.locator("select[name=lever]").selectOption("breaker.close");
    await page.getByLabel("Reason").fill("The bank is back");
    await page.getByRole("button", { name: "Close breaker:payments" }).click();
    await payments.getByText("closed", { exact: true }).waitFor();
    expect(await shop.paying.run(() => "paid")).toBe("paid");
  });

  it("does without a mouse", async () => {
    const page = await signedIn();
    await page.locator("#levers").getByText("No lever is pulled.").waitFor();
    await page.getByRole("button", { name: "Levers of search", exact: true }).waitFor();
    const part = () => page.evaluate(() => document.activeElement?.id);
    for (const [key, id] of [
      ["3", "endpoints"],
      ["j", "queues"],
      ["j", "limiters"],
      ["k", "queues"],
    ] as const) {
      await page.keyboard.press(key);
      expect(await part()).toBe(id);
    }
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Help" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Levers", exact: true }).focus();
    await page.keyboard.press("l");
    await page.getByRole("dialog", { name: "Pull a lever" }).waitFor();
    for (let to = 0; to < 2; to++) await page.keyboard.press("Tab");
    await page.keyboard.type("Drill, without a mouse");
    for (let to = 0; to < 3; to++) await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.locator("#levers .levers").getByText("Drill, without a mouse").waitFor();
    await page.waitForFunction(() => document.activeElement?.textContent === "Levers");
    await page.getByRole("button", { name: /^Release breaker\.isolate of breaker:payments/ }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: /^Release breaker\.isolate of breaker:payments/ }).waitFor();
    await listen(page);
    await page.keyboard.type("Over");
    for (let to = 0; to < 2; to++) await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.locator("#levers").getByText("No lever is pulled.").waitFor();
    const told = page.waitForFunction(() =>
      (globalThis as { said?: string[] }).said?.some((one) =>
        one.startsWith("Released: breaker.isolate breaker:payments"),
      ),
    );
    await expect(told).resolves.toBeDefined();
  });

  it("keeps a reason from being left out", async () => {
    const page = await signedIn();
    await page.getByRole("button", { name: "Levers of search", exact: true }).click();
    await page.getByRole("button", { name: "Isolate upstream:search" }).click();
    expect(await page.locator("textarea:invalid").count()).toBe(1);
    expect(await page.getByRole("dialog", { name: "Pull a lever" }).isVisible()).toBe(true);
  });

  it("leaves focus and scroll alone when news comes in", async () => {
    const page = await signedIn();
    const button = page.getByRole("button", { name: "Levers of search", exact: true });
    await button.focus();
    await page.evaluate(() => window.scrollTo(0, 240));
    const before = await page.locator("#traffic .u-value").nth(1).textContent();
    await page.waitForFunction((old) => document.querySelectorAll("#traffic .u-value")[1]?.textContent !== old, before);
    expect(await button.evaluate((node) => node === document.activeElement)).toBe(true);
    expect(await page.evaluate(() => window.scrollY)).toBe(240);
  });

  it("fits a phone", async () => {
    const page = await signedIn({ width: 390, height: 844 });
    shop.search.inject({ kind: "status", status: 503 });
    await search(page).getByText("open", { exact: true }).waitFor();
    await page.locator("#alerts li").first().waitFor();
    await page.locator("#surface summary").click();
    expect(await overflow(page)).toBe(0);
    await page.evaluate(() => window.scrollTo(0, 0));
    await page.screenshot({ path: `${SHOTS}/operator-phone.png` });
    await page.keyboard.press("l");
    expect(await page.getByRole("dialog").evaluate((node) => node.getBoundingClientRect().right <= 390)).toBe(true);
  });

  it.each([390, 760, 1200, 1440])("has the levers of every row and card at hand, %i pixels wide", async (width) => {
    const page = await signedIn({ width, height: 844 });
    const buttons = page.getByRole("button", { name: /^Levers of / });
    await buttons.first().waitFor();
    const names = await buttons.evaluateAll((all) => all.map((one) => one.getAttribute("aria-label")));
    expect(names).toEqual(
      ["chat", "mail/receipt", "chat", "codes", "operator", "operator:auth-failures", "pages"]
        .concat(["search", "model", "breaker:payments", "bulkhead:reports", "CHAT_MAX", "SEARCH_TTL"])
        .map((name) => `Levers of ${name}`),
    );
    // What lies in front of its middle is the button itself: it is not cut off, nor behind anything.
    const reached = await buttons.evaluateAll((all) =>
      all.filter((one) => {
        one.scrollIntoView({ block: "center", behavior: "instant" });
        const { left, right, top, height } = one.getBoundingClientRect();
        return [left + 2, right - 2].every((x) => one.contains(document.elementFromPoint(x, top + height / 2)));
      }),
    );
    expect(reached).toHaveLength(names.length);
    // The circuits' rows are still rows to those who hear the page.
    await page.getByRole("rowheader", { name: "payments breaker" }).waitFor();
    expect(await overflow(page)).toBe(0);
  });

  it("asks again and again when its stream is cut", async () => {
    const page = await signedIn(undefined, /503|ERR_|Failed to load/);
    shop.cutStreams(true);
    await page.getByText("Polling", { exact: true }).waitFor();
    shop.search.inject({ kind: "status", status: 503 });
    await search(page).getByText("open", { exact: true }).waitFor();
    shop.cutStreams(false);
    await page.getByText("Live", { exact: true }).waitFor();
    expect(await search(page).locator("rect.open").count()).toBeGreaterThan(0);
  });
});
