import { type FaultyUpstream, type FaultyUpstreamOptions, faultyUpstream } from "./faulty-upstream.js";
import {
  type ChatCompletionRequest,
  type ChatMessage,
  type ChatReply,
  type ChatTool,
  completion,
  completionChunks,
} from "./open-router-wire.js";

/** Options of {@link openRouterStandIn}. */
export interface OpenRouterStandInOptions extends Omit<FaultyUpstreamOptions, "handler" | "errorBody"> {
  /** What the model says. Default: it asks for the first tool with the user's last words, then answers with the result. */
  readonly reply?: (request: ChatCompletionRequest) => ChatReply;
  /** The key that clients have to send. Default: any. */
  readonly apiKey?: string;
}

/**
 * A stand-in for OpenRouter: `POST {url}/api/v1/chat/completions`, as JSON and streamed, with tool calls, in its wire
 * format (https://openrouter.ai/docs/api-reference). It fails on demand, see {@link faultyUpstream}.
 */
export function openRouterStandIn(options: OpenRouterStandInOptions = {}): Promise<FaultyUpstream> {
  const { reply = answerLikeAModel, apiKey, ...rest } = options;
  let generations = 0;
  return faultyUpstream({
    ...rest,
    errorBody: (status) => problem(status),
    handler: async (request) => {
      if (new URL(request.url).pathname !== "/api/v1/chat/completions" || request.method !== "POST")
        return refusal(404, "Not Found");
      const authorization = request.headers.get("authorization");
      if (authorization === null) return refusal(401, "No auth credentials found");
      if (apiKey !== undefined && authorization !== `Bearer ${apiKey}`) return refusal(401, "User not found.");
      const asked = await readRequest(request);
      if (asked === undefined) return refusal(400, 'Input required: specify "messages"');
      const generation = {
        id: `gen-${String(++generations).padStart(10, "0")}`,
        created: Math.floor(Date.now() / 1000),
        model: asked.model,
      };
      const headers = { "x-generation-id": generation.id };
      const said = reply(asked);
      return asked.stream === true
        ? eventStream(completionChunks(generation, asked, said), headers)
        : Response.json(completion(generation, asked, said), { headers });
    },
  });
}

const MESSAGES: Readonly<Record<number, string>> = {
  402: "Insufficient credits",
  408: "Request timed out",
  429: "Rate limit exceeded",
  502: "Provider returned error",
  503: "No allowed providers are available for the selected model.",
};

/** https://openrouter.ai/docs/errors */
function problem(code: number, message = MESSAGES[code] ?? "Internal Server Error"): object {
  return { error: { message, code } };
}

function refusal(status: number, message: string): Response {
  return Response.json(problem(status, message), { status });
}

async function readRequest(request: Request): Promise<ChatCompletionRequest | undefined> {
  try {
    const asked = (await request.json()) as Partial<ChatCompletionRequest> | null;
    if (!Array.isArray(asked?.messages) || asked.messages.length === 0) return undefined;
    return { ...asked, messages: asked.messages, model: asked.model ?? "openrouter/auto" };
  } catch {
    return undefined;
  }
}

function eventStream(chunks: readonly object[], headers: Record<string, string>): Response {
  const events = [
    ": OPENROUTER PROCESSING",
    ...chunks.map((chunk) => `data: ${JSON.stringify(chunk)}`),
    "data: [DONE]",
  ];
  const encoder = new TextEncoder();
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const event = events.shift();
      if (event === undefined) controller.close();
      else controller.enqueue(encoder.encode(`${event}\n\n`));
    },
  });
  return new Response(stream, {
    headers: { ...headers, "content-type": "text/event-stream", "cache-control": "no-cache" },
  });
}

function answerLikeAModel({ messages, tools }: ChatCompletionRequest): ChatReply {
  const last = messages.at(-1);
  const asked = messages.findLast((message: ChatMessage) => message.role === "user")?.content ?? "";
  if (last?.role === "tool") return { text: `About "${asked}" I found: ${last.content}` };
  const tool = tools?.[0];
  return tool === undefined
    ? { text: `You said: ${asked}` }
    : { call: tool.function.name, arguments: argumentsOf(tool, asked) };
}

/** Puts the user's words into the first parameter that has to be given. */
function argumentsOf({ function: { parameters } }: ChatTool, words: string): Record<string, string> {
  const { required, properties } = parameters as { required?: string[]; properties?: object };
  return { [required?.[0] ?? Object.keys(properties ?? {})[0] ?? "input"]: words };
}
