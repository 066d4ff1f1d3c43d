// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are the placeholders of runbooks
import { describe, expect, it } from "vitest";
import { UsageError } from "../failure.js";
import {
  commandText,
  filledArgs,
  filledCommand,
  pullCommand,
  releaseCommand,
  shownCommands,
  variablesOf,
} from "./command-text.js";
import { runRunbookCommand } from "./run-command.js";
import { parseRunbook, type RunbookCommand } from "./runbook.js";

const FRONT = "owner: chat\nmetric: $.slis\nalert: burn\n";
const runbook = (front: string, body = "# It fails\n") => `---\n${front}---\n${body}`;

describe("a runbook", () => {
  it("has a title, an owner, a metric, an alert, commands and levers", () => {
    const rest = `commands:
  - { id: look, run: [curl, -fsS, x], expect: { exit: 22 }, when: after, timeout: 5s }
levers:
  - { id: fewer, lever: bulkhead.resize, target: "upstream:model", args: { slots: 4 }, reason: it is slow, for: 15m }
`;
    expect(parseRunbook(runbook(FRONT + rest), "docs/model.md")).toEqual({
      name: "model",
      title: "It fails",
      body: "# It fails\n",
      owner: "chat",
      metric: "$.slis",
      alert: "burn",
      commands: [{ id: "look", run: ["curl", "-fsS", "x"], expect: { exit: 22 }, when: "after", timeout: 5000 }],
      levers: [
        {
          id: "fewer",
          lever: "bulkhead.resize",
          target: "upstream:model",
          args: { slots: 4 },
          reason: "it is slow",
          for: "15m",
        },
      ],
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
    [
      "has two levers of one name",
      runbook(
        `${FRONT}levers:\n${"  - { id: a, lever: cache.clear, target: search_web, reason: they are wrong }\n".repeat(2)}`,
      ),
      /levers: a is there twice/,
    ],
    [
      "has a lever that there is not",
      runbook(`${FRONT}levers:\n  - { id: a, lever: breaker.open, target: x, reason: y }\n`),
      /levers\[0\]\.lever: got "breaker\.open"/,
    ],
    [
      "has a lever that would last for days",
      runbook(`${FRONT}levers:\n  - { id: a, lever: breaker.isolate, target: x, reason: y, for: 2d }\n`),
      /levers\[0\]\.for: .*expected a duration from "1s" to "24h"/,
    ],
    ["has no title", runbook(FRONT, "text\n"), /no title/],
  ])("is refused when it %s", (_, text, message) => {
    const parse = () => parseRunbook(text, "model.md");
    expect(parse).toThrow(UsageError);
    expect(parse).toThrow(message);
  });
});

describe("a lever", () => {
  const block = {
    id: "block",
    lever: "limiter.block",
    target: "chat",
    args: { key: "${ADDRESS}" },
    reason: "it's a flood",
    for: "10m",
  } as const;

  it("is shown as it is pulled and taken back from a shell", () => {
    expect(commandText({ run: pullCommand(block) })).toBe(
      `keelson operate limiter.block chat --arg "key=\${ADDRESS}" --reason 'it'\\''s a flood' --for 10m`,
    );
    expect(commandText({ run: releaseCommand(block) })).toBe(
      "keelson operate release limiter.block chat --reason 'it is over'",
    );
  });

  it("gets variables of the environment, and names those that are missing", () => {
    expect(variablesOf(block)).toEqual(["ADDRESS"]);
    expect(filledArgs(block, { ADDRESS: "192.0.2.1" })).toEqual({ key: "192.0.2.1" });
    expect(() => filledArgs(block, {})).toThrow("lever block: the environment has no variable ADDRESS");
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
