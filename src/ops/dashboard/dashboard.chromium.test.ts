import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { SHOTS, startBrowser } from "../../../test/setup/browser.js";
import type { Workspace } from "../config/load.js";
import { buildDashboard } from "./build.js";
import { sampleWorkspace, workspaceIn } from "./workspace.fixture.js";
import { writeDashboard } from "./write.js";

const COMMIT = { commit: "9f31c07ab4e2d0c5b1a86fe7729d3c1e5a40b6d8", branch: "main", dirty: false };
const HEADINGS = [
  "Last runs",
  "Objectives",
  "What needs a look 4",
  "Latency",
  "Outcomes",
  "Game days",
  "Owners",
  "Artefacts",
];

describe("the dashboard's page", () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser?.close());

  /** A dashboard's page, open. Whatever it asks for, and whatever the browser has to say of it, fails the test. */
  async function opened(workspace: Workspace, width: number, colorScheme: "light" | "dark" = "light"): Promise<Page> {
    const dashboard = await buildDashboard(workspace);
    const { html } = await writeDashboard(workspace, { ...dashboard, git: COMMIT });
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    const wrong: string[] = [];
    page.on("console", (message) => wrong.push(message.text()));
    page.on("pageerror", (error) => wrong.push(error.message));
    page.on("request", (request) => {
      if (request.url() !== pathToFileURL(html).href && !request.url().startsWith("data:")) wrong.push(request.url());
    });
    onTestFinished(async () => {
      await page.close();
      if (wrong.length > 0) throw new Error(wrong.join("; "));
    });
    await page.goto(pathToFileURL(html).href);
    return page;
  }

  /** What sticks out of the window, and text that sticks out of a card. */
  function overflowing(page: Page): Promise<string[]> {
    return page.evaluate(() => {
      const shown = [...document.querySelectorAll("main *, header *")].filter(
        (each) => each.closest(".hidden, thead, details:not([open])") === null && each.getClientRects().length > 0,
      );
      const outside = shown.filter((each) => each.getBoundingClientRect().right > innerWidth + 0.5);
      const cut = shown.filter((each) => {
        const card = each.closest(".card, .strip li");
        return card !== null && each.getBoundingClientRect().right > card.getBoundingClientRect().right + 0.5;
      });
      return [...outside, ...cut].map((each) => each.outerHTML.slice(0, 120));
    });
  }

  it.each([
    [1440, "light", "slo-dashboard.png"],
    [1440, "dark", "slo-dashboard-dark.png"],
    [768, "light", null],
    [390, "light", "slo-dashboard-phone.png"],
    [390, "dark", null],
    [320, "light", null],
  ] as const)("fits into %d pixels, %s", async (width, scheme, shot) => {
    const page = await opened(await sampleWorkspace(), width, scheme);
    expect(await page.locator("h1").textContent()).toBe("shop-assistant");
    expect(await page.locator("h2").allTextContents()).toEqual(HEADINGS);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    expect(await overflowing(page)).toEqual([]);
    if (shot !== null)
      await page.screenshot({ path: join(SHOTS, shot), clip: { x: 0, y: 0, width, height: 1_080 }, fullPage: true });
    // Opened, what was folded fits as well.
    await page.evaluate(() => {
      for (const details of document.querySelectorAll("details")) details.open = true;
    });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    expect(await overflowing(page)).toEqual([]);
  });

  it("is styled: its one style sheet is let through by its digest", async () => {
    const page = await opened(await sampleWorkspace(), 1_440);
    const colour = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(await colour()).toBe("rgb(246, 247, 249)");
    await page.emulateMedia({ colorScheme: "dark" });
    expect(await colour()).toBe("rgb(13, 16, 21)");
  });

  it("reads well without being seen: landmarks, one heading of the first order, charts in words", async () => {
    const page = await opened(await sampleWorkspace(), 1_440);
    for (const role of ["banner", "main", "contentinfo"] as const) expect(await page.getByRole(role).count()).toBe(1);
    expect(await page.getByRole("heading", { level: 1 }).count()).toBe(1);
    const chart = page.getByRole("img", { name: /^Latency of chat over 14 runs of standard\./ });
    expect(await chart.getAttribute("aria-label")).toMatch(
      /p95 \d+ ms, p99 \d+ ms\. 1 of 14 with p95 above the objective of 300 ms\.$/,
    );
    expect(await page.getByRole("table", { name: "Owners" }).getByRole("row").count()).toBe(5);
    expect(await page.locator("svg[role=img]:not([aria-label])").count()).toBe(0);
  });

  it.each(["light", "dark"] as const)("has text that stands out from what is behind it, in the %s", async (scheme) => {
    const page = await opened(await sampleWorkspace(), 1_440, scheme);
    const contrasts = await page.evaluate(() => {
      const light = (colour: string) => {
        const [r = 0, g = 0, b = 0] = (colour.match(/[\d.]+/g) ?? []).map(Number).map((part) => {
          const share = part / 255;
          return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const behind = (element: Element | null): string => {
        if (element === null) return "rgb(255, 255, 255)";
        const { backgroundColor } = getComputedStyle(element);
        return backgroundColor === "rgba(0, 0, 0, 0)" ? behind(element.parentElement) : backgroundColor;
      };
      const texts = [...document.querySelectorAll("main *, header *, footer")].filter((each) =>
        [...each.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim() !== ""),
      );
      return texts
        .filter((each) => each.tagName !== "title" && each.closest(".hidden") === null)
        .map((each) => {
          const style = getComputedStyle(each);
          const [one, other] = [light(each instanceof SVGElement ? style.fill : style.color), light(behind(each))];
          return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
        });
    });
    expect(contrasts.length).toBeGreaterThan(300);
    expect(Math.min(...contrasts)).toBeGreaterThanOrEqual(4.5);
  });

  it("prints to a few pages", async () => {
    const page = await opened(await sampleWorkspace(), 1_440, "dark");
    const pdf = await page.pdf({ format: "A4", printBackground: true });
    expect(pdf.subarray(0, 5).toString()).toBe("%PDF-");
    const pages = pdf.toString("latin1").match(/\/Type\s*\/Page\b/g)?.length ?? 0;
    expect(pages).toBeGreaterThan(2);
    expect(pages).toBeLessThan(12);
    await page.emulateMedia({ media: "print" });
    // Paper is white, whatever the screen is.
    expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe("rgb(255, 255, 255)");
  });

  it("says what to run while there is nothing to show", async () => {
    const page = await opened(await workspaceIn("none"), 390);
    expect(await page.getByText("No objectives are declared yet.").count()).toBe(1);
    expect(await page.locator(".strip code").allTextContents()).toEqual([
      "npx keelson gate",
      "npx keelson canary",
      "npx keelson probe",
      "npx keelson drill",
      "npx keelson gameday",
    ]);
    expect(await overflowing(page)).toEqual([]);
  });

  it("runs nothing that a name says", async () => {
    const page = await opened(await workspaceIn("none", `<img src=x onerror="document.title='gotcha'">`), 1_440);
    expect(await page.locator("h1").textContent()).toContain("<img src=x");
    expect(await page.title()).not.toBe("gotcha");
  });
});
