/**
 * Puts the operator page together (markup, style, script and the chart library, in one file) as a module that the package
 * holds: nobody who uses it builds anything. With `--check` only says whether it is up to date.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { root } from "./once.js";

const folder = join(root, "src/adapters/operator");
const file = join(folder, "page.generated.ts");
const uplot = join(root, "node_modules/uplot");

const hashOf = (text: string) => `sha256-${createHash("sha256").update(text).digest("base64")}`;

async function bundled(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    minify: true,
    format: "esm",
    target: "es2022",
    // The licence is beside it, whole.
    legalComments: "none",
    charset: "utf8",
  });
  const text = (outputFiles[0]?.text ?? "").trimEnd();
  if (/<\/(script|style)/i.test(text)) throw new Error(`${entry}: would end its own element`);
  return text;
}

async function generated(): Promise<string> {
  const [style, script] = await Promise.all([
    bundled(join(folder, "page/page.css")),
    bundled(join(folder, "page/main.ts")),
  ]);
  const licence = readFileSync(join(uplot, "LICENSE"), "utf8").trim().replaceAll("--", "- -");
  const html = readFileSync(join(folder, "page/page.html"), "utf8")
    .replace("/* style */", () => style)
    .replace("/* script */", () => script)
    .replace("<!-- licence -->", () => `<!-- Charts are drawn by uPlot:\n\n${licence}\n-->`);
  const page = { html, scriptHash: hashOf(script), styleHash: hashOf(style) };
  const lines = Object.entries(page).map(([name, value]) => `  ${name}: ${JSON.stringify(value)},\n`);
  return `// Made by scripts/operator-page.ts of page/: npm run page\n\n/** The operator page, with the hashes that its policy names. */\nexport const PAGE = {\n${lines.join("")}};\n`;
}

const wanted = await generated();
const known = existsSync(file) ? readFileSync(file, "utf8") : "";
if (process.argv.includes("--check") && known !== wanted) {
  console.error("src/adapters/operator/page.generated.ts is out of date: npm run page");
  process.exit(1);
}
if (known !== wanted) writeFileSync(file, wanted);
console.log(`the operator page is up to date: ${(wanted.length / 1024).toFixed(0)} kB`);
