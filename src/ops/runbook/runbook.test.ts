// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are the placeholders of runbooks
import { describe, expect, it } from "vitest";
import { UsageError } from "../failure.js";
import { commandText, filledCommand, shownCommands } from "./command-text.js";
import { runRunbookCommand } from "./run-command.js";
import { parseRunbook, type RunbookCommand } from "./runbook.js";

const FRONT = "owner: chat\nmetric: $.slis\nalert: burn\n";
const runbook = (front: string, body = "# It fails\n") => `---\n${front}---\n${body}`;

describe("a runbook", () => {
  it("has a title, an owner, a metric, an alert and commands", () => {
    const commands =
      "commands:\n  - { id: look, run: [curl, -fsS, x], expect: { exit: 22 }, when: after, timeout: 5s }\n";
    expect(parseRunbook(runbook(FRONT + commands), "docs/model.md")).toEqual({
      name: "model",
      title: "It fails",
      body: "# It fails\n",
      owner: "chat",
      metric: "$.slis",
      alert: "burn",
      commands: [{ id: "look", run: ["curl", "-fsS", "x"], expect: { exit: 22 }, when: "after", timeout: 5000 }],
    });
  });

  it.each([
    ["has no front matter", "# It fails\n", /model\.md: no front matter/],
    ["has one that isn't YAML", runbook("owner: [\n"), /model\.md: no YAML/],
    ["has no owner", runbook("metric: x\nalert: y\n"), /model\.md: owner: got nothing/],
    ["has a setting that there is not", runbook(`${FRONT}pager: x\n`), /model\.md: pager: there is no such setting/],
    [
      "has a command for a shell",
      runbook(`${FRONT}commands:\n  - { id: a, run: "rm x" }\n`),
      /commands\[0\]\.run: got "rm x"/,
    ],
    [
      "has two commands of one name",
      runbook(`${FRONT}commands:\n  - { id: a, run: [x] }\n  - { id: a, run: [y] }\n`),
      /commands: a is there twice/,
    ],
    ["has no title", runbook(FRONT, "text\n"), /no title/],
  ])("is refused when it %s", (_, text, message) => {
    const parse = () => parseRunbook(text, "model.md");
    expect(parse).toThrow(UsageError);
    expect(parse).toThrow(message);
  });
});

describe("a command", () => {
  it.each<[string[], string]>([
    [["curl", "-fsS", "http://a.example/x"], "curl -fsS http://a.example/x"],
    [["curl", "-d", '{"a":1}'], `curl -d '{"a":1}'`],
    [["echo", "it's"], "echo 'it'\\''s'"],
    [["curl", "-H", 'a: "${TOKEN}"', "${URL}/x"], 'curl -H "a: \\"${TOKEN}\\"" "${URL}/x"'],
  ])("%j is shown as a shell takes it", (run, text) => {
    expect(commandText({ run })).toBe(text);
  });

  it("is found in the text, over several lines, comments left out", () => {
    const body = "```sh\n# look\ncurl -fsS \\\n  x\n\ncurl y\n```\n```ts\nlet a;\n```\n";
    expect(shownCommands(body)).toEqual(["curl -fsS x", "curl y"]);
  });

  it("gets variables of the environment, and names those that are missing", () => {
    const command = { id: "look", run: ["curl", "${URL}/x"] };
    expect(filledCommand(command, { URL: "http://a" })).toEqual(["curl", "http://a/x"]);
    expect(() => filledCommand(command, {})).toThrow("command look: the environment has no variable URL");
  });

  const node = (script: string, expected: Partial<RunbookCommand["expect"]> = {}, timeout = 10_000) => ({
    id: "look",
    run: [process.execPath, "-e", script],
    expect: { exit: 0, ...expected },
    when: "during" as const,
    timeout,
  });

  it.each<[string, RunbookCommand, string | null]>([
    ["exits as expected", node("process.exit(3)", { exit: 3 }), null],
    ["exits otherwise", node("process.exit(3)"), "exit: got 3, expected 0"],
    ["prints what is expected", node('console.log("all is well")', { stdout: { contains: "well" } }), null],
    ["prints something else", node('process.stdout.write("no")', { stdout: "ok" }), 'stdout: got no, expected "ok"'],
    ["prints JSON as expected", node('console.log("[{\\"a\\":2}]")', { json: { "$[0].a": { min: 2 } } }), null],
    ["prints no JSON", node("", { json: { "$.a": 1 } }), "json $.a: got , expected a JSON body"],
    ["isn't over in time", node("setInterval(() => {}, 1000)", {}, 300), "not over after 300 ms"],
    ["isn't there", { ...node(""), run: ["/no/such/program"] }, "ENOENT"],
  ])("that %s is judged so", async (_, command, reason) => {
    const { passed, reason: why } = await runRunbookCommand(command, { env: process.env, cwd: "." });
    expect([passed, why]).toEqual([reason === null, reason]);
  });

  it("is ended by a signal", async () => {
    const stop = new AbortController();
    const running = runRunbookCommand(node("setInterval(() => {}, 1000)"), {
      env: process.env,
      cwd: ".",
      signal: stop.signal,
    });
    stop.abort();
    expect(await running).toMatchObject({ passed: false, kind: "aborted", reason: "aborted" });
  });
});
