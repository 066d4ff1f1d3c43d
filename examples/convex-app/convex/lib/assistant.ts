import { type ErrorCode, isKeelsonError } from "keelson";
import { internal } from "../_generated/api";
import type { ActionCtx } from "../_generated/server";
import { askModel, type Message, type ToolCall } from "./openRouter";
import { log } from "./telemetry";
import { type CachedTool, caches, toolCacheKey } from "./toolCacheKeys";
import { runTool, type Waiting } from "./toolJobClient";
import { type Hit, type ToolName, toolQuery } from "./tools";

/** What the assistant answers. */
export interface Answer {
  readonly text: string;
  readonly sources: readonly Hit[];
  /** Tools that could not be had: the answer came about without them. */
  readonly missing: readonly string[];
}

/** Hears of an answer as it comes about. */
export interface Listener {
  text(piece: string): void;
  /** `code`: why it could not be had. */
  tool(name: string, state: "asked" | "found" | "missing", code?: ErrorCode): void;
}

/** Where an answer is made. */
export interface Turn extends Omit<Waiting, "ctx"> {
  readonly ctx: Pick<ActionCtx, "runMutation">;
}

const SYSTEM =
  "You help people shop. Search before you recommend, and say where you found it. If a search is unavailable, say so.";
/** The model is asked at most so often for one answer: it could go on asking for tools. */
const MOST_ROUNDS = 3;
/** Tools that it may ask for at once. */
const MOST_CALLS = 8;
const SOURCES = 20;

const DESCRIPTIONS: Readonly<Record<ToolName, string>> = {
  search_web: "Find pages on the web",
  search_products: "Find products with their prices",
  search_global: "Find pages and products at once",
};
const OFFERED = Object.entries(DESCRIPTIONS).map(([name, description]) => ({
  type: "function",
  function: {
    name,
    description,
    parameters: { type: "object", properties: { q: { type: "string", maxLength: 200 } }, required: ["q"] },
  },
}));

/** Answers a shopper: a model that may search, and that has to do without where a search can't be had. */
export async function answer(
  turn: Turn,
  before: readonly { readonly role: "user" | "assistant"; readonly text: string }[],
  question: string,
  listener: Listener,
): Promise<Answer> {
  const messages: Message[] = [
    { role: "system", content: SYSTEM },
    ...before.map(({ role, text }) => ({ role, content: text })),
    { role: "user", content: question },
  ];
  const sources: Hit[] = [];
  const missing = new Set<string>();
  for (let round = 1; ; round++) {
    const offered = round < MOST_ROUNDS ? OFFERED : [];
    const { text, calls } = await askModel(turn.use, messages, offered, (piece) => listener.text(piece), turn.signal);
    if (calls.length === 0 || round === MOST_ROUNDS)
      return { text, sources: sources.slice(0, SOURCES), missing: [...missing] };
    const wanted = calls.slice(0, MOST_CALLS);
    messages.push({ role: "assistant", content: text, tool_calls: wanted });
    const lacks = (tool: string, code?: ErrorCode) => {
      missing.add(tool);
      if (isTool(tool)) listener.tool(tool, "missing", code);
    };
    const results = await Promise.all(wanted.map((call) => found(turn, call, listener, lacks)));
    results.forEach((result, at) => {
      const { id } = wanted[at] as ToolCall;
      sources.push(...(result ?? []));
      const content = result === undefined ? "unavailable right now" : JSON.stringify(result);
      messages.push({ role: "tool", tool_call_id: id, content });
    });
  }
}

/** What a tool finds; `undefined` where it can't be had. */
async function found(
  turn: Turn,
  { function: called }: ToolCall,
  listener: Listener,
  lacks: (tool: string, code?: ErrorCode) => void,
): Promise<readonly Hit[] | undefined> {
  const asked = toolQuery.safeParse(argumentsOf(called.arguments));
  const tool = called.name;
  if (!isTool(tool) || !asked.success) {
    lacks(tool, "validation");
    return undefined;
  }
  const { q } = asked.data;
  listener.tool(tool, "asked");
  try {
    const hits = tool === "search_global" ? await global(turn, q, lacks) : await cached(turn, tool, q);
    listener.tool(tool, "found");
    return hits;
  } catch (error) {
    lacks(tool, codeOf(turn, error));
    return undefined;
  }
}

/**
 * Why a search could not be had: an answer without it is better than none. But a mistake of ours has to come to light, and
 * whoever left is gone.
 */
function codeOf({ signal }: Turn, error: unknown): ErrorCode {
  if (signal?.aborted || !isKeelsonError(error) || error.code === "internal") throw error;
  return error.code;
}

/** What was found is there, even where it could not be noted: then it is searched for once more, another time. */
async function noted(writing: Promise<unknown>): Promise<void> {
  try {
    await writing;
  } catch (error) {
    log("tool.unnoted", { error: String(error) });
  }
}

/** Through the cache; what it doesn't have, a job of the queue finds. */
export function cached(turn: Turn, tool: CachedTool, q: string): Promise<readonly Hit[]> {
  return turn.use(caches[tool].cache).read(toolCacheKey(q), async () => {
    const hits = await runTool(turn, tool, q);
    await noted(turn.ctx.runMutation(internal.toolCache.note, { tool, q, value: JSON.stringify(hits) }));
    return hits;
  });
}

/** Both searches in one job, unless one of them is known already. */
async function global(
  turn: Turn,
  q: string,
  lacks: (tool: ToolName, code?: ErrorCode) => void,
): Promise<readonly Hit[]> {
  const [pages, products] = await Promise.all(
    (["search_web", "search_products"] as const).map((tool) => turn.use(caches[tool].cache).get(toolCacheKey(q))),
  );
  if (pages !== undefined || products !== undefined) {
    const other = (tool: CachedTool) =>
      cached(turn, tool, q).catch((error: unknown) => {
        lacks(tool, codeOf(turn, error));
        return [];
      });
    return [...(pages ?? (await other("search_web"))), ...(products ?? (await other("search_products")))];
  }
  const both = await runTool(turn, "search_global", q);
  for (const [tool, hits] of [
    ["search_web", both.pages],
    ["search_products", both.products],
  ] as const)
    if (both.missing.includes(tool)) lacks(tool);
    else await noted(turn.ctx.runMutation(internal.toolCache.set, { tool, q, value: JSON.stringify(hits) }));
  return [...both.pages, ...both.products];
}

/** A model may ask for what there isn't. */
function isTool(name: string): name is ToolName {
  return Object.hasOwn(DESCRIPTIONS, name);
}

/** A model writes its arguments itself: they may be anything. */
function argumentsOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
