/** What a client of OpenRouter's chat completions sends, as far as it is read here. */
export interface ChatCompletionRequest {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly tools?: readonly ChatTool[];
  readonly stream?: boolean;
}

/** One message of a conversation. */
export interface ChatMessage {
  readonly role: "system" | "user" | "assistant" | "tool";
  readonly content: string | null;
  readonly tool_calls?: readonly ChatToolCall[];
  readonly tool_call_id?: string;
}

/** A function that the model may ask for. */
export interface ChatTool {
  readonly type: "function";
  readonly function: {
    readonly name: string;
    readonly description?: string;
    /** JSON Schema. */
    readonly parameters: Readonly<Record<string, unknown>>;
  };
}

/** A function that the model asks for. */
export interface ChatToolCall {
  readonly id: string;
  readonly type: "function";
  readonly function: { readonly name: string /** JSON. */; readonly arguments: string };
}

/** What the model says: text, or functions it asks for. */
export type ChatReply =
  | { readonly text: string }
  | { readonly call: string; readonly arguments: Readonly<Record<string, unknown>> };

/** The parts of an answer that are the same in all its chunks. */
export interface Generation {
  readonly id: string;
  /** Unix seconds. */
  readonly created: number;
  readonly model: string;
}

const PROVIDER = "Stand-in";

/** An answer as one JSON document. */
export function completion(generation: Generation, request: ChatCompletionRequest, reply: ChatReply): object {
  const toolCall = "call" in reply ? toolCallOf(generation, reply) : undefined;
  return {
    id: generation.id,
    provider: PROVIDER,
    model: generation.model,
    object: "chat.completion",
    created: generation.created,
    choices: [
      {
        logprobs: null,
        finish_reason: finishReason(reply),
        native_finish_reason: finishReason(reply),
        index: 0,
        message: {
          role: "assistant",
          content: "text" in reply ? reply.text : "",
          refusal: null,
          reasoning: null,
          ...(toolCall !== undefined && { tool_calls: [{ index: 0, ...toolCall }] }),
        },
      },
    ],
    usage: usageOf(request, reply),
  };
}

/** An answer as the events of a stream, without the final `[DONE]`. */
export function completionChunks(generation: Generation, request: ChatCompletionRequest, reply: ChatReply): object[] {
  const chunk = (delta: object, finish: string | null, more: object = {}) => ({
    id: generation.id,
    provider: PROVIDER,
    model: generation.model,
    object: "chat.completion.chunk",
    created: generation.created,
    choices: [
      {
        index: 0,
        delta: { role: "assistant", ...delta },
        finish_reason: finish,
        native_finish_reason: finish,
        logprobs: null,
      },
    ],
    ...more,
  });
  const end = chunk({ content: "" }, finishReason(reply));
  const usage = chunk({ content: "" }, null, { usage: usageOf(request, reply) });
  if ("text" in reply) {
    const words = reply.text.match(/\S+\s*/g) ?? [""];
    return [...words.map((content) => chunk({ content }, null)), end, usage];
  }
  const { id, type, function: called } = toolCallOf(generation, reply);
  const half = Math.ceil(called.arguments.length / 2);
  const pieces = [called.arguments.slice(0, half), called.arguments.slice(half)];
  return [
    chunk(
      { content: null, tool_calls: [{ index: 0, id, type, function: { name: called.name, arguments: "" } }] },
      null,
    ),
    ...pieces.map((text) => chunk({ tool_calls: [{ index: 0, type, function: { arguments: text } }] }, null)),
    end,
    usage,
  ];
}

function toolCallOf({ id }: Generation, reply: Extract<ChatReply, { call: string }>): ChatToolCall {
  return {
    id: `call_${id.replace(/^gen-/, "")}`,
    type: "function",
    function: { name: reply.call, arguments: JSON.stringify(reply.arguments) },
  };
}

function finishReason(reply: ChatReply): string {
  return "text" in reply ? "stop" : "tool_calls";
}

/** Counted in words: nobody checks, but they should grow with the texts. */
function usageOf({ messages }: ChatCompletionRequest, reply: ChatReply) {
  const words = (text: string) => text.split(/\s+/).filter(Boolean).length;
  const prompt_tokens = messages.reduce((sum, { content }) => sum + words(content ?? ""), 0);
  const completion_tokens = words("text" in reply ? reply.text : JSON.stringify(reply.arguments));
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}
