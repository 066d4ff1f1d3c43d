import { describe, expect, it, onTestFinished } from "vitest";
import type { FaultyUpstream } from "./faulty-upstream.js";
import { type OpenRouterStandInOptions, openRouterStandIn } from "./open-router.js";
import { type SerperStandInOptions, serperStandIn } from "./serper.js";

async function openRouter(options?: OpenRouterStandInOptions): Promise<FaultyUpstream> {
  const upstream = await openRouterStandIn(options);
  onTestFinished(() => upstream.close());
  return upstream;
}

async function serper(options?: SerperStandInOptions): Promise<FaultyUpstream> {
  const upstream = await serperStandIn(options);
  onTestFinished(() => upstream.close());
  return upstream;
}

const post = (url: string, body: unknown, headers: Record<string, string>) =>
  fetch(url, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", ...headers },
  });
const complete = ({ url }: FaultyUpstream, body: object, headers = { authorization: "Bearer key" }) =>
  post(`${url}/api/v1/chat/completions`, { model: "openai/gpt-4o-mini", ...body }, headers);

const user = { role: "user", content: "red shoes" };
const tools = [
  {
    type: "function",
    function: { name: "search_web", parameters: { type: "object", properties: { q: {} }, required: ["q"] } },
  },
];

/** The events of a stream that carry data. */
async function events(response: Response): Promise<{ comments: string[]; chunks: Record<string, never>[] }> {
  const blocks = (await response.text()).split("\n\n").filter(Boolean);
  expect(blocks.at(-1)).toBe("data: [DONE]");
  const data = blocks.slice(0, -1).filter((block) => block.startsWith("data: "));
  return {
    comments: blocks.filter((block) => block.startsWith(":")),
    chunks: data.map((block) => JSON.parse(block.slice(6))),
  };
}

describe("the OpenRouter stand-in", () => {
  it("answers as JSON", async () => {
    const response = await complete(await openRouter(), { messages: [user] });
    const body = await response.json();
    expect(response.headers.get("x-generation-id")).toBe(body.id);
    expect(body).toMatchObject({
      object: "chat.completion",
      model: "openai/gpt-4o-mini",
      choices: [
        {
          index: 0,
          finish_reason: "stop",
          message: { role: "assistant", content: "You said: red shoes", refusal: null },
        },
      ],
      usage: { prompt_tokens: 2, completion_tokens: 4, total_tokens: 6 },
    });
  });

  it("asks for a tool, and answers with what that found", async () => {
    const upstream = await openRouter();
    const first = await (await complete(upstream, { messages: [user], tools })).json();
    const [call] = first.choices[0].message.tool_calls;
    expect(first.choices[0].finish_reason).toBe("tool_calls");
    expect(call).toMatchObject({ type: "function", function: { name: "search_web", arguments: '{"q":"red shoes"}' } });
    const messages = [user, first.choices[0].message, { role: "tool", tool_call_id: call.id, content: "three shops" }];
    const second = await (await complete(upstream, { messages, tools })).json();
    expect(second.choices[0].message.content).toBe('About "red shoes" I found: three shops');
  });

  it("streams text in pieces, with comments, usage and an end", async () => {
    const response = await complete(await openRouter(), { messages: [user], stream: true });
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const { comments, chunks } = await events(response);
    expect(comments).toEqual([": OPENROUTER PROCESSING"]);
    const deltas = chunks.map(
      (chunk: { choices?: { delta: { content: string } }[] }) => chunk.choices?.[0]?.delta.content,
    );
    expect(deltas.join("")).toBe("You said: red shoes");
    expect(chunks.at(-2)).toMatchObject({ object: "chat.completion.chunk", choices: [{ finish_reason: "stop" }] });
    expect(chunks.at(-1)).toMatchObject({ usage: { total_tokens: 6 } });
  });

  it("streams a tool call in pieces", async () => {
    const { chunks } = await events(await complete(await openRouter(), { messages: [user], tools, stream: true }));
    const calls = chunks.flatMap(
      (chunk: { choices?: { delta: { tool_calls?: { id?: string; function: { arguments: string } }[] } }[] }) =>
        chunk.choices?.[0]?.delta.tool_calls ?? [],
    );
    expect(calls.map((call) => call.id).filter(Boolean)).toHaveLength(1);
    expect(JSON.parse(calls.map((call) => call.function.arguments).join(""))).toEqual({ q: "red shoes" });
  });

  it("says what it is told to", async () => {
    const upstream = await openRouter({ reply: ({ messages }) => ({ text: `${messages.length} messages` }) });
    const body = await (await complete(upstream, { messages: [user, user] })).json();
    expect(body.choices[0].message.content).toBe("2 messages");
  });

  it.each([
    ["no key", { messages: [user] }, {}, 401],
    ["a wrong key", { messages: [user] }, { authorization: "Bearer guess" }, 401],
    ["no messages", { messages: [] }, { authorization: "Bearer key" }, 400],
  ])("refuses %s in its own format", async (_, body, headers, status) => {
    const response = await complete(await openRouter({ apiKey: "key" }), body, headers as { authorization: string });
    expect([response.status, await response.json()]).toEqual([
      status,
      { error: { code: status, message: expect.any(String) } },
    ]);
  });

  it("fails in its own format", async () => {
    const upstream = await openRouter();
    upstream.inject({ kind: "status", status: 429, retryAfter: "3s" });
    const response = await complete(upstream, { messages: [user] });
    expect(await response.json()).toEqual({ error: { code: 429, message: "Rate limit exceeded" } });
  });
});

describe("the Serper stand-in", () => {
  it("finds pages", async () => {
    const { url } = await serper();
    const body = await (await post(`${url}/search`, { q: "red shoes", num: 2 }, { "x-api-key": "key" })).json();
    expect(body).toMatchObject({
      searchParameters: { q: "red shoes", num: 2, type: "search", engine: "google" },
      organic: [{ position: 1, title: "red shoes: buyer's guide" }, { position: 2 }],
      credits: 1,
    });
    expect(body.organic).toHaveLength(2);
  });

  it("finds products", async () => {
    const { url } = await serper({ hits: (q) => [{ title: q, link: "https://a.example/1", snippet: "" }] });
    const body = await (await post(`${url}/shopping`, { q: "shoes" }, { "x-api-key": "key" })).json();
    expect(body.shopping).toMatchObject([{ title: "shoes", source: "a.example", price: "$20.00", position: 1 }]);
  });

  it.each([
    ["no key", "/search", { q: "a" }, {}, 403],
    ["a wrong key", "/search", { q: "a" }, { "x-api-key": "guess" }, 403],
    ["no query", "/search", {}, { "x-api-key": "key" }, 400],
    ["another path", "/maps", { q: "a" }, { "x-api-key": "key" }, 404],
  ])("refuses %s in its own format", async (_, path, body, headers, statusCode) => {
    const { url } = await serper({ apiKey: "key" });
    const response = await post(url + path, body, headers as Record<string, string>);
    expect([response.status, await response.json()]).toEqual([statusCode, { statusCode, message: expect.any(String) }]);
  });
});
