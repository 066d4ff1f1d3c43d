/**
 * Takes the pictures of the operator page that are in docs/images: of the shop that its tests look at, a minute after it
 * began and some seconds after its search broke.
 */
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { startShop, TOKEN } from "../src/adapters/operator/shop.fixture.js";
import { provide, chromium as wanted } from "../test/setup/provide.js";
import { root } from "./once.js";

const IMAGES = join(root, "docs/images");
const WELL_MS = 45_000;
const BROKEN_MS = 14_000;

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function signedIn(browser: Browser, url: string, width: number, height: number): Promise<Page> {
  const page = await browser.newPage({ viewport: { width, height } });
  await page.goto(`${url}/ops`);
  await page.getByLabel("Token").fill(TOKEN);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("Live", { exact: true }).waitFor();
  return page;
}

async function pull(page: Page, picture: string): Promise<void> {
  await page.getByRole("button", { name: "Levers of search", exact: true }).click();
  await page.getByLabel("Reason").fill("Answers 503 to everybody since the deploy");
  await page.getByText("recorded as ada’s").waitFor();
  await page.screenshot({ path: join(IMAGES, picture) });
  await page.getByRole("button", { name: "Isolate upstream:search" }).click();
  await page.locator("#levers .levers").getByText("breaker.isolate upstream:search").waitFor();
}

const found = provide(wanted);
if (found.kind !== "command") throw new Error("Chromium is a command");
const shop = await startShop();
const browser = await chromium.launch({ executablePath: found.path, args: ["--no-sandbox", "--disable-gpu"] });
const over = new AbortController();
const customers = (async () => {
  for (let round = 0; !over.signal.aborted; round++) {
    // More of them, and fewer, as hours go by: here in some seconds.
    await Promise.all([shop.customers(6), wait(300 + 120 * Math.sin(round / 9))]);
  }
})();
try {
  const page = await signedIn(browser, shop.url, 1440, 1080);
  const phone = await signedIn(browser, shop.url, 390, 844);
  await wait(WELL_MS);
  for (let lost = 0; lost < 3; lost++) await shop.mail.enqueue("receipt", { to: "nobody" });
  shop.search.inject({ kind: "status", status: 503 });
  await page.locator("#alerts li").getByText("endpoint:chat").waitFor();
  await wait(BROKEN_MS);
  await page.screenshot({ path: join(IMAGES, "operator.png") });
  await page.emulateMedia({ colorScheme: "dark" });
  await page.screenshot({ path: join(IMAGES, "operator-dark.png") });
  await page.emulateMedia({ colorScheme: "light" });
  await page.locator("#limiters").screenshot({ path: join(IMAGES, "operator-limiters.png") });
  await phone.screenshot({ path: join(IMAGES, "operator-phone.png") });
  await pull(page, "operator-lever.png");
} finally {
  over.abort();
  await customers;
  await browser.close();
  await shop.close();
}
