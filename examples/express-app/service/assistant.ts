import { isKeelsonError, parseJson } from "keelson";
import { z } from "zod";
import type { ForRequest, Message, Model, ToolCall } from "./open-router.js";
import type { Find, Hit } from "./search.js";

/** What the assistant answers. */
export interface Answer {
  readonly text: string;
  readonly sources: readonly Hit[];
  /** Tools that could not be had: the answer came about without them. */
  readonly missing: readonly string[];
}

/** Answers a shopper. */
export type Assistant = (question: string, request: ForRequest) => Promise<Answer>;

const SYSTEM =
  "You help people shop. Search before you recommend, and say where you found it. If a search is unavailable, say so.";
/** The model is asked at most so often for one answer: it could go on asking for tools. */
const MOST_ROUNDS = 3;
const MOST_QUERY = 200;

const query = z.object({ q: z.string().min(1).max(MOST_QUERY) });

/** The assistant: a model that may search, and that has to do without where the search can't be had. */
export function assistant(model: Model, find: { readonly pages: Find; readonly products: Find }): Assistant {
  const tools: Readonly<Record<string, Find>> = { search_web: find.pages, search_products: find.products };
  const offered = Object.keys(tools).map(offer);

  return async (question, request) => {
    const messages: Message[] = [
      { role: "system", content: SYSTEM },
      { role: "user", content: question },
    ];
    const sources: Hit[] = [];
    const missing = new Set<string>();
    for (let round = 1; ; round++) {
      const said = await model(messages, round < MOST_ROUNDS ? offered : [], request);
      const calls = said.tool_calls ?? [];
      if (calls.length === 0 || round === MOST_ROUNDS)
        return { text: said.content ?? "", sources, missing: [...missing] };
      messages.push({ role: "assistant", content: said.content, tool_calls: calls });
      const results = await Promise.all(calls.map((call) => use(tools, call, request)));
      results.forEach((result, at) => {
        const { id, function: called } = calls[at] as ToolCall;
        if (result === undefined) missing.add(called.name);
        else sources.push(...result);
        messages.push({
          role: "tool",
          tool_call_id: id,
          content: result === undefined ? "unavailable right now" : JSON.stringify(result),
        });
      });
    }
  };
}

/** What a tool finds; `undefined` where it can't be had. */
async function use(
  tools: Readonly<Record<string, Find>>,
  { function: called }: ToolCall,
  request: ForRequest,
): Promise<readonly Hit[] | undefined> {
  const find = Object.hasOwn(tools, called.name) ? tools[called.name] : undefined;
  const asked = query.safeParse(argumentsOf(called.arguments));
  if (find === undefined || !asked.success) return undefined;
  try {
    return await find(asked.data.q, request);
  } catch (error) {
    // An answer without a search is better than none; but a mistake of ours has to come to light, and whoever left is gone.
    const expected = isKeelsonError(error) && ["upstream", "validation"].includes(error.category);
    if (request.signal.aborted || !expected) throw error;
    return undefined;
  }
}

/** A model writes its arguments itself: they may be anything. */
function argumentsOf(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

function offer(name: string): object {
  return {
    type: "function",
    function: {
      name,
      description: name === "search_web" ? "Find pages on the web" : "Find products with their prices",
      parameters: {
        type: "object",
        properties: { q: { type: "string", maxLength: MOST_QUERY } },
        required: ["q"],
      },
    },
  };
}
