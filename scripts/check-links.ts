/** Finds links in the repository's Markdown that lead to no file or to no heading. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { root } from "./once.js";

const LINK = /\[[^\]]*\]\(([^()\s]+)\)/g;
const CODE = /```[\s\S]*?```|`[^`\n]*`/g;

const listed = spawnSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], {
  cwd: root,
  encoding: "utf8",
});
if (listed.status !== 0) throw new Error(`git ls-files: ${listed.stderr}`);

const broken: string[] = [];
for (const file of listed.stdout.split("\n").filter((name) => name !== "" && existsSync(join(root, name)))) {
  for (const [, target = ""] of readFileSync(join(root, file), "utf8").replace(CODE, "").matchAll(LINK)) {
    if (/^[a-z]+:/.test(target)) continue;
    const [path = "", heading] = target.split("#");
    const full = path === "" ? join(root, file) : join(root, dirname(file), path);
    if (!existsSync(full)) broken.push(`${file}: ${target}: no such file`);
    else if (heading !== undefined && full.endsWith(".md") && !headingsOf(full).includes(heading))
      broken.push(`${file}: ${target}: no such heading in ${relative(root, full)}`);
  }
}
for (const line of broken) console.error(line);
console.log(broken.length === 0 ? "every link leads somewhere" : `${broken.length} broken links`);
process.exit(broken.length === 0 ? 0 : 1);

/** The anchors of a file's headings, as GitHub makes them. */
function headingsOf(file: string): string[] {
  return readFileSync(file, "utf8")
    .replace(/```[\s\S]*?```/g, "")
    .split("\n")
    .filter((line) => /^#{1,6} /.test(line))
    .map((line) =>
      line
        .replace(/^#+ /, "")
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    );
}
