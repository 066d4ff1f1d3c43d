import { type Context, KeelsonError } from "keelson";
import { z } from "zod";
import type { ShopKit } from "./kit.js";
import { upstreams } from "./objectives.js";

/** What belongs to the request that something is done for. */
export interface ForRequest {
  readonly signal: AbortSignal;
  readonly context: Context;
}

/** One message of a conversation, in OpenAI's format. */
export type Message =
  | { readonly role: "system" | "user"; readonly content: string }
  | { readonly role: "assistant"; readonly content: string | null; readonly tool_calls?: readonly ToolCall[] }
  | { readonly role: "tool"; readonly tool_call_id: string; readonly content: string };

/** A function that the model asks for. */
export type ToolCall = z.infer<typeof toolCall>;

/** What the model answers: text, or functions whose results it wants. */
export type Said = z.infer<typeof said>;

/** Asks the model. */
export type Model = (messages: readonly Message[], tools: readonly object[], request: ForRequest) => Promise<Said>;

const toolCall = z.object({
  id: z.string(),
  type: z.literal("function"),
  function: z.object({ name: z.string(), arguments: z.string() }),
});
const said = z.object({
  content: z.string().nullable(),
  tool_calls: z.array(toolCall).optional(),
});
const completion = z.object({ choices: z.array(z.object({ message: said })).min(1) });

/** The language model at OpenRouter. Slow and dear: few at a time, and the rest waits or is turned away at once. */
export function openRouter(kit: ShopKit): Model {
  const { OPENROUTER_URL, OPENROUTER_API_KEY, OPENROUTER_MODEL } = kit.knobs;
  const upstream = kit.upstream("openrouter", {
    slo: upstreams.openrouter,
    timeout: (k) => k.OPENROUTER_TIMEOUT_MS,
    attemptTimeout: (k) => k.OPENROUTER_ATTEMPT_TIMEOUT_MS,
    retry: { attempts: 3, backoff: "200ms", maxBackoff: "5s" },
    breaker: {
      window: "30s",
      failureRate: 0.5,
      minimumCalls: (k) => k.BREAKER_MINIMUM_CALLS,
      openFor: (k) => k.BREAKER_OPEN_MS,
    },
    bulkhead: { maxConcurrent: (k) => k.BULKHEAD_OPENROUTER_MAX, maxQueue: (k) => k.BULKHEAD_OPENROUTER_QUEUE },
    http: { bodyTimeout: kit.knobs.OPENROUTER_ATTEMPT_TIMEOUT_MS },
  });
  return async (messages, tools, { signal, context }) => {
    const response = await upstream.fetch(
      `${OPENROUTER_URL}/api/v1/chat/completions`,
      {
        method: "POST",
        headers: { authorization: `Bearer ${OPENROUTER_API_KEY}`, "content-type": "application/json" },
        body: JSON.stringify({ model: OPENROUTER_MODEL, messages, tools }),
        signal,
      },
      // Asked twice it costs twice, but does nothing twice.
      { context, idempotent: true },
    );
    if (!response.ok) throw new KeelsonError("upstream_bad_status", `OpenRouter answered ${response.status}`);
    const parsed = completion.safeParse(await jsonOf(response));
    if (!parsed.success) throw new KeelsonError("upstream_failed", "OpenRouter's answer is not what it should be");
    return (parsed.data.choices[0] as { message: Said }).message;
  };
}

/** The body as JSON; what can't be read, or is none, is the upstream's fault and not the client's. */
export async function jsonOf(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (cause) {
    throw new KeelsonError("upstream_failed", `The answer of ${new URL(response.url).host} can't be read`, { cause });
  }
}
