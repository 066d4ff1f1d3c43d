import { KeelsonError, type Use } from "keelson";
import { z } from "zod";
import { kit, openRouter } from "../keel";
import { odd } from "./httpErrors";
import { needed } from "./needed";

/** One message of a conversation, in OpenAI's format. */
export type Message =
  | { readonly role: "system" | "user"; readonly content: string }
  | { readonly role: "assistant"; readonly content: string | null; readonly tool_calls?: readonly ToolCall[] }
  | { readonly role: "tool"; readonly tool_call_id: string; readonly content: string };

/** A function that the model asks for. */
export interface ToolCall {
  readonly id: string;
  readonly type: "function";
  readonly function: { readonly name: string; readonly arguments: string };
}

/** What the model said: text, or functions whose results it wants. */
export interface Said {
  readonly text: string;
  readonly calls: readonly ToolCall[];
}

const chunk = z.object({
  choices: z
    .array(
      z.object({
        delta: z.object({
          content: z.string().nullish(),
          tool_calls: z
            .array(
              z.object({
                index: z.number().int().min(0).max(31),
                id: z.string().optional(),
                function: z.object({ name: z.string().optional(), arguments: z.string().optional() }).optional(),
              }),
            )
            .optional(),
        }),
      }),
    )
    .optional(),
  error: z.object({ message: z.string() }).optional(),
});

/** A model may write so much in one turn: three times as much (see `assistant`) fits into what messages may be. */
const MOST_CHARACTERS = 20_000;

/**
 * Asks the model, and hands on its words as they come.
 *
 * @throws {KeelsonError} what the upstream refuses with; `upstream_failed` where the stream breaks off or is odd
 */
export async function askModel(
  use: Use<"act">,
  messages: readonly Message[],
  offered: readonly object[],
  onText: (text: string) => void,
  signal: AbortSignal | undefined,
): Promise<Said> {
  const { OPENROUTER_URL, OPENROUTER_MODEL, OPENROUTER_SILENCE_MS } = kit.knobs;
  const response = await use(openRouter).fetch(
    `${OPENROUTER_URL}/api/v1/chat/completions`,
    {
      method: "POST",
      headers: { authorization: `Bearer ${needed("OPENROUTER_API_KEY")}`, "content-type": "application/json" },
      body: JSON.stringify({
        model: OPENROUTER_MODEL,
        messages,
        stream: true,
        ...(offered.length > 0 && { tools: offered }),
      }),
      ...(signal !== undefined && { signal }),
    },
    // Asked twice it costs twice, but does nothing twice.
    { idempotent: true },
  );
  if (!response.ok || response.body === null) throw odd("OpenRouter", `answered ${response.status}`);
  let text = "";
  const calls: { id: string; name: string; args: string }[] = [];
  for await (const data of eventData(response.body, OPENROUTER_SILENCE_MS)) {
    const parsed = chunk.safeParse(jsonOf(data));
    if (!parsed.success) throw odd("OpenRouter", "a piece of its answer is not what it should be");
    const { error, choices = [] } = parsed.data;
    if (error !== undefined) throw odd("OpenRouter", "it broke off");
    for (const { delta } of choices) {
      if (delta.content) {
        text += delta.content;
        if (text.length > MOST_CHARACTERS) throw odd("OpenRouter", "it doesn't come to an end");
        onText(delta.content);
      }
      for (const { index, id, function: called } of delta.tool_calls ?? []) {
        calls[index] ??= { id: "", name: "", args: "" };
        const call = calls[index];
        if (call === undefined) continue;
        call.id += id ?? "";
        call.name += called?.name ?? "";
        call.args += called?.arguments ?? "";
      }
    }
  }
  return {
    text,
    calls: calls.filter(Boolean).map(({ id, name, args }) => ({
      id,
      type: "function",
      function: { name, arguments: args },
    })),
  };
}

/** The data of server-sent events, until `[DONE]` (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
async function* eventData(body: ReadableStream<Uint8Array>, silenceMs: number): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const piece = await nextPiece(reader, silenceMs);
      rest += piece.done ? decoder.decode() : decoder.decode(piece.value, { stream: true });
      const lines = rest.split(/\r?\n/);
      rest = piece.done ? "" : (lines.pop() ?? "");
      for (const line of lines) {
        if (!line.startsWith("data:")) continue;
        const data = line.slice("data:".length).trim();
        if (data === "[DONE]") return;
        yield data;
      }
      // Without the last word it is not known whether the answer is whole.
      if (piece.done) throw odd("OpenRouter", "the stream ended early");
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** (The upstream's own time-out is over once the model has begun to answer.) */
async function nextPiece(reader: ReadableStreamDefaultReader<Uint8Array>, silenceMs: number) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    const late = () => reject(new KeelsonError("upstream_timeout", "OpenRouter: it says nothing any more"));
    timer = setTimeout(late, silenceMs);
  });
  const broken = (cause: unknown): never => {
    throw cause instanceof DOMException && cause.name === "AbortError"
      ? new KeelsonError("aborted", undefined, { cause })
      : new KeelsonError("upstream_failed", "OpenRouter: the stream broke off", { cause });
  };
  try {
    return await Promise.race([reader.read().catch(broken), silence]);
  } finally {
    clearTimeout(timer);
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
