import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { snapshotSchema } from "keelson/schema";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { curl, provide } from "../../../test/setup/provide.js";
import { type ServedApp, startServed } from "./served.js";

let app: ServedApp;
beforeAll(async () => {
  provide(curl);
  app = await startServed();
}, 60_000);
afterAll(() => app?.stop());

/** Runs lines in one shell, as somebody would who tries them one after the other. What each has said. */
async function tried(lines: readonly string[]): Promise<string[]> {
  const shell = spawn("sh", ["-e"], { stdio: ["pipe", "pipe", "inherit"] });
  shell.stdin.end(lines.map((line) => `${line}\nprintf '\\n----\\n'\n`).join(""));
  return (await text(shell.stdout)).split("\n----\n");
}

/** What the line says that has these words. */
type Said = (words: string) => string;

describe("npm run example:convex", () => {
  it("prints lines that do what they say", async () => {
    const answers = await tried(app.lines);
    const said: Said = (words) => {
      const at = app.lines.findIndex((line) => line.includes(words));
      if (at < 0) throw new Error(`no line has ${words}`);
      return answers[at] ?? "";
    };
    expect(app.lines.filter((line) => /^curl /.test(line)).length).toBe(12);
    expect(said("a keel for my boat")).toMatch(/^event: thread\n[\s\S]*event: text\n[\s\S]*event: done\n/);
    expect(said("nobody is signed in")).toMatch(/^HTTP\/1\.1 401 [\s\S]*"code":"unauthenticated"/);
    expect(said("-X OPTIONS")).toMatch(/^HTTP\/1\.1 204 [\s\S]*access-control-allow-methods: POST/);
    expect(said("threads:list")).toMatch(/"status":"success","value":\[\{.*"title":"a keel for my boat"/);
    expect(said("requestLinkCode")).toMatch(/"value":\{"code":"\d{8}"/);
    expect(said("/api/gmail/push")).toMatch(/^HTTP\/1\.1 200 [\s\S]*\{"outcome":"done"\}/);
    expect(said("auth/callback")).toMatch(/^HTTP\/1\.1 403 [\s\S]*"code":"forbidden"/);
    expect(said("hub.mode")).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\n\r\n7$/);
    expect(said("nobody has signed it")).toMatch(/^HTTP\/1\.1 401 [\s\S]*"code":"unauthenticated"/);
    expect(said("/demo/phone")).toMatch(/^\{"heard":\["I don't know this phone yet/);
    const snapshot = JSON.parse(said("ops:getReliabilitySnapshot")) as { status: string; value: unknown };
    expect(said("levers:pull")).toMatch(/"status":"success","value":\{.*"by":"olga".*"target":"upstream:serper"/);
    expect([snapshot.status, snapshotSchema.safeParse(snapshot.value).error?.issues ?? []]).toEqual(["success", []]);
  });

  it("answers functions as a deployment does", async () => {
    const ask = async (kind: string, body: string, token = "") => {
      const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
      const answer = await fetch(`${app.url}/api/${kind}`, { method: "POST", headers, body });
      return [answer.status, await answer.json()];
    };
    const list = JSON.stringify({ path: "threads:list", args: {} });
    expect(await ask("query", list)).toMatchObject([
      560,
      { status: "error", errorData: { code: "unauthenticated", category: "auth" } },
    ]);
    expect(await ask("mutation", list)).toMatchObject([400, { code: "BadRequest" }]);
    expect(await ask("query", '{"path":"ops:snapshotForOperators"}')).toMatchObject([400, { code: "BadRequest" }]);
    for (const odd of ["{", "null", "[]", '{"path":1}', '{"path":"__proto__:x"}'])
      expect((await ask("query", odd))[0]).toBe(400);
  });
});
