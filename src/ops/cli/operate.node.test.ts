import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { silentIo } from "../io.js";
import { main } from "./program.js";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
});

const entry = {
  id: "7f",
  lever: "knob.set",
  target: "CHAT_MAX",
  args: { value: "5" },
  by: "ann@shop.example",
  reason: "a flood",
  at: 1_767_225_600_000,
  expiresAt: 1_767_226_500_000,
};
const levers = {
  catalogue: [
    {
      lever: "knob.set",
      describe: "Sets a knob.",
      targets: ["CHAT_MAX"],
      lasting: true,
      args: [{ name: "value", kind: "text", required: true, describe: "its value" }],
    },
    { lever: "cache.clear", describe: "Clears.", targets: [], lasting: false, args: [] },
  ],
  active: [entry],
  audit: [{ ...entry, action: "pulled" }],
};

/** The operator routes of a service, as far as their contract goes. */
async function service(answer?: { readonly status: number; readonly body: string }) {
  const asked: { readonly line: string; readonly token: string | undefined; readonly body: unknown }[] = [];
  const server = createServer(async (request, response) => {
    const text = await textOf(request);
    asked.push({
      line: `${request.method} ${request.url}`,
      token: request.headers.authorization,
      body: text === "" ? undefined : JSON.parse(text),
    });
    const value = request.method === "GET" ? levers : { entry };
    response.writeHead(answer?.status ?? 200, { "content-type": "application/json" });
    response.end(answer?.body ?? JSON.stringify(value));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => new Promise((resolve) => server.close(resolve)));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

async function keelson(url: string, ...args: string[]) {
  const cwd = await mkdtemp(join(tmpdir(), "keelson-operate-"));
  cleanups.push(() => rm(cwd, { recursive: true }));
  const operator = { headers: { authorization: "Bearer of-an-operator" } };
  await writeFile(join(cwd, "keelson.config.json"), JSON.stringify({ service: "shop", target: { url }, operator }));
  const [out, err]: [string[], string[]] = [[], []];
  const io = silentIo({ cwd, out: (line) => void out.push(line), err: (line) => void err.push(line) });
  return { code: await main(["operate", ...args], io), out: out.join("\n"), err: err.join("\n") };
}

describe("keelson operate", () => {
  it("pulls a lever, and says what it came to", async () => {
    const { url, asked } = await service();
    const args = ["knob.set", "CHAT_MAX", "--arg", "value=5", "--reason", "a flood", "--for", "15m", "--by", "bob"];
    const { code, out } = await keelson(url, ...args);
    expect(out).toBe("knob.set CHAT_MAX value=5  by ann@shop.example: a flood, until 2026-01-01T00:15:00Z  [7f]");
    expect(code).toBe(0);
    const body = {
      lever: "knob.set",
      target: "CHAT_MAX",
      args: { value: "5" },
      reason: "a flood (for bob)",
      expiresIn: "15m",
    };
    expect(asked).toEqual([{ line: "POST /operator/levers", token: "Bearer of-an-operator", body }]);
  });

  it("takes one back", async () => {
    const { url, asked } = await service();
    const { code, out } = await keelson(url, "release", "7f", "--reason", "it is over");
    expect([code, out]).toEqual([0, expect.stringContaining("taken back: knob.set CHAT_MAX")]);
    expect(asked).toMatchObject([{ line: "POST /operator/levers/7f/release", body: { reason: "it is over" } }]);
  });

  it("takes one back by what it is and where, as a runbook says it", async () => {
    const { url, asked } = await service();
    const { code, out } = await keelson(url, "release", "knob.set", "CHAT_MAX", "--reason", "it is over");
    expect([code, out]).toEqual([0, expect.stringContaining("taken back: knob.set CHAT_MAX")]);
    expect(asked.map(({ line }) => line)).toEqual(["GET /operator/levers", "POST /operator/levers/7f/release"]);
    const other = await keelson(url, "release", "queue.pause", "digests/digest", "--reason", "it is over");
    const why = "queue.pause digests/digest is not in effect; in effect: knob.set CHAT_MAX";
    expect(other).toMatchObject({ code: 1, err: `keelson: ${why}` });
  });

  it("takes one back by the short name that it may be pulled by", async () => {
    const isolated = { ...entry, lever: "breaker.isolate", target: "upstream:serper" };
    const both = { ...levers, active: [isolated], entry: isolated };
    const { url, asked } = await service({ status: 200, body: JSON.stringify(both) });
    const { code } = await keelson(url, "release", "breaker.isolate", "serper", "--reason", "it is over");
    expect([code, asked.at(-1)?.line]).toEqual([0, "POST /operator/levers/7f/release"]);
  });

  it("asks for the id where one lever is in effect several times on a target", async () => {
    const block = { ...entry, lever: "limiter.block", target: "chat" };
    const two = { ...levers, active: [block, { ...block, id: "80" }] };
    const { url, asked } = await service({ status: 200, body: JSON.stringify(two) });
    const { code, err } = await keelson(url, "release", "limiter.block", "chat", "--reason", "it is over");
    const why = "limiter.block chat is in effect 2 times: release one by its id, of 7f, 80";
    expect([code, err, asked.length]).toEqual([1, `keelson: ${why}`, 1]);
  });

  it("lists what there is, what is in effect and what was done", async () => {
    const { url } = await service();
    const { code, out } = await keelson(url, "list");
    expect(code).toBe(0);
    expect(out).toContain("  knob.set value=…\n      Sets a knob.\n      on CHAT_MAX");
    expect(out).toContain("2026-01-01T00:00:00Z  pulled knob.set CHAT_MAX  by ann@shop.example: a flood");
    expect(out).not.toContain("cache.clear");
    expect(JSON.parse((await keelson(url, "list", "--json")).out)).toEqual(levers);
  });

  it("shows why the service refused, and ends with 1", async () => {
    const problem = { title: "Not found", status: 404, detail: "knob.set: there is no target" };
    const { url } = await service({ status: 404, body: JSON.stringify(problem) });
    const { code, err } = await keelson(url, "knob.set", "X", "--arg", "value=5", "--reason", "a flood");
    expect([code, err]).toEqual([1, "keelson: refused (404): knob.set: there is no target"]);
  });

  it.each([
    ["no reason", ["knob.set", "X"], "--reason"],
    ["no target", ["knob.set", "--reason", "x"], "on which target"],
    ["two targets", ["knob.set", "X", "Y", "--reason", "x"], "a lever has one target"],
    ["no id", ["release", "--reason", "x"], "whose id"],
    ["an argument that is no pair", ["knob.set", "X", "--reason", "x", "--arg", "5"], "expected name=value"],
    ["nothing at all", [], "missing required argument"],
  ])("ends with 2 for %s", async (_, args, words) => {
    const { url, asked } = await service();
    const { code, err } = await keelson(url, ...args);
    expect([code, asked, err]).toEqual([2, [], expect.stringContaining(words)]);
  });

  it("ends with 4 where nobody answers, or somebody else does", async () => {
    const { url } = await service({ status: 404, body: "<html>" });
    expect(await keelson(url, "list")).toMatchObject({ code: 4, err: expect.stringContaining("is the operator page") });
    const gone = await keelson("http://127.0.0.1:9", "list");
    expect(gone).toMatchObject({ code: 4, err: expect.stringContaining("can't be reached") });
  });
});

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text;
}
